"""What stands on a patient's timeline beside the alarms."""

from __future__ import annotations

from datetime import timedelta

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.api.serializers import glucose_flag, shown_glucose
from alerts.api.windows import WindowSerializer
from alerts.timeline import LONGEST, Mark, MarkKind, marks_of
from audit.services import record_look
from readings.api.people import patient_of
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField

# The kind of look that the routes name.
TIMELINE = "alerts.timeline"
USUAL = timedelta(days=1)


class TimelineQuerySerializer(WindowSerializer):
    usual, longest = USUAL, LONGEST

    since = InstantField(required=False, help_text="a day before until if left out")
    until = InstantField(required=False, help_text="now if left out")


class MarkSerializer(CamelCaseSerializer):
    kind = serializers.ChoiceField(MarkKind.choices)
    since = InstantField(help_text="of the first measurement; of a dip: the last one before it")
    until = InstantField(help_text="of the last measurement; of a dip: the first one that is back")
    count = serializers.IntegerField(allow_null=True, help_text="readings; null of a dip")
    device = serializers.CharField(allow_null=True, help_text="code; null of late readings")
    arrived_at = InstantField(allow_null=True, help_text="of the first of the late readings")
    lowest_glucose = serializers.SerializerMethodField(help_text="mg/dL, of a dip; null beyond the sensor's range")
    lowest_glucose_flag = serializers.SerializerMethodField()

    def get_lowest_glucose(self, mark: Mark) -> int | None:
        return shown_glucose(mark.lowest)

    def get_lowest_glucose_flag(self, mark: Mark) -> str | None:
        return glucose_flag(mark.lowest)


class TimelineView(RoutedView, APIView):
    @extend_schema(parameters=[TimelineQuerySerializer], responses=MarkSerializer(many=True))
    def get(self, request: Request, userId: str) -> Response:
        """Readings that came too late to alarm, copies from a second receiver, by the hour, and dips that may be
        compression of the sensor. Alarms themselves: `/alerts`."""
        patient = patient_of(request, userId)
        query = TimelineQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        record_look(kind=TIMELINE, object_id=patient.code, patient_id=patient.pk)
        return Response(MarkSerializer(marks_of(patient=patient, **query.validated_data), many=True).data)
