"""The emergency button of a patient, or of whoever stands beside."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.api.episodes import acting_member
from alerts.services.emergency import call_for_help, emergency_words
from patients.api.care_team import named_patient
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer


class EmergencyCallSerializer(CamelCaseSerializer):
    id = serializers.UUIDField(source="episode.public_id", help_text="of the alarm")
    message = serializers.CharField()
    called_at = serializers.DateTimeField(source="episode.opened_at")
    is_new = serializers.BooleanField(help_text="false: an emergency was open already, and this belongs to it")
    is_told = serializers.BooleanField(help_text="false: everybody was told less than a minute ago")
    acknowledged_at = serializers.DateTimeField(source="episode.acknowledged_at", allow_null=True)


class EmergencyView(RoutedView, APIView):
    @extend_schema(request=None, responses={200: EmergencyCallSerializer, 201: EmergencyCallSerializer})
    def post(self, request: Request, code: str) -> Response:
        """Call for help: a critical alarm, told at once to everybody at every level, at any hour.

        Pressing again adds to it. It counts against no limit.
        """
        patient = named_patient(code)
        call = call_for_help(patient=patient, member=acting_member(request))
        said: dict[str, Any] = {
            "episode": call.episode,
            "message": emergency_words(patient),
            "is_new": call.is_new,
            "is_told": call.is_told,
        }
        return Response(EmergencyCallSerializer(said).data, status=201 if call.is_new else 200)
