"""Connecting from an app: it opens Dexcom's page, and brings the code and the state that it came back with."""

from __future__ import annotations

import math
from typing import Any, NoReturn

from django.db import transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dexcom_sync.api.naming import PATIENT_HELP, asked_patient, caller_as_member
from dexcom_sync.api.refusals import refused_as_answers
from dexcom_sync.applications import NotOffered, offered_regions
from dexcom_sync.models import Connection, Region, Token
from dexcom_sync.services import connecting
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer

NOTHING_OFFERED = "This platform has no application at Dexcom. Ask your operator."
LONGEST_CODE = 4_000


class BeginSerializer(CamelCaseSerializer):
    patient = serializers.CharField(max_length=50, required=False, default="", help_text=PATIENT_HELP)
    region = serializers.ChoiceField(
        Region.choices, required=False, help_text="where the Dexcom account lives; needed where several are offered"
    )
    state = serializers.CharField(
        max_length=500, required=False, default="", help_text="the app's own; /auth/token gives it back"
    )


class AuthorizationUrlSerializer(serializers.Serializer[Any]):
    authorization_url = serializers.URLField(help_text="Dexcom's page; good for ten minutes, and for one consent")


class ConsentCodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=LONGEST_CODE)
    state = serializers.CharField(max_length=LONGEST_CODE, help_text="as it came back from Dexcom's page")


class ConnectedSerializer(serializers.Serializer[Any]):
    connection = serializers.UUIDField(help_text="its id")
    status = serializers.ChoiceField(Connection.Status.choices)
    expires_in = serializers.IntegerField(
        help_text="seconds until the platform renews its access; it does so by itself, and its tokens are never told"
    )
    state = serializers.CharField(allow_blank=True, help_text="the app's own, as it was given to /auth/url")


class AuthorizationUrlView(RoutedView, APIView):
    @extend_schema(parameters=[BeginSerializer], responses=AuthorizationUrlSerializer)
    def get(self, request: Request) -> Response:
        """Begin a consent: open the address in a browser, and bring what it comes back with to /auth/token."""
        query = BeginSerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        patient = asked_patient(request, asked["patient"])
        region = asked.get("region") or _only_region()
        try:
            with refused_as_answers():
                _, url = connecting.begin(
                    patient=patient, member=caller_as_member(request), region=region, client_state=asked["state"]
                )
        except NotOffered:
            _refuse_region()
        return Response({"authorization_url": url})


# Not atomic as a whole: that the state is used must stand before Dexcom is asked, and Dexcom may take half a minute.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class TokenView(RoutedView, APIView):
    @extend_schema(request=ConsentCodeSerializer, responses=ConnectedSerializer)
    def post(self, request: Request) -> Response:
        """Finish a consent that the same person began. Do it at once: Dexcom's code is good for a minute."""
        form = ConsentCodeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            member = caller_as_member(request)
        with refused_as_answers():
            connection, begun = connecting.finish(member=member, **form.validated_data)
        return Response(
            {
                "connection": connection.public_id,
                "status": connection.status,
                "expires_in": _seconds_left(connection),
                "state": begun.client_state,
            }
        )


class CallbackView(RoutedView, APIView):
    # Whoever comes is a browser, with nothing that says who it is.
    authentication_classes = ()

    @extend_schema(
        parameters=[OpenApiParameter(name, str) for name in ("code", "state", "error")], responses={302: None}
    )
    def get(self, request: Request) -> HttpResponseRedirect:
        """For browsers that come from Dexcom's page: on to the page of this platform, which knows their session."""
        answer = HttpResponseRedirect(f"{reverse('dexcom-callback')}?{request.META['QUERY_STRING']}")
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer


def _only_region() -> str:
    offered = offered_regions()
    if len(offered) != 1:
        _refuse_region()
    return offered[0].value


def _refuse_region() -> NoReturn:
    offered = ", ".join(region.value for region in offered_regions())
    raise ValidationError({"region": [f"Choose a region: {offered}." if offered else NOTHING_OFFERED]}, code="region")


@transaction.atomic
def _seconds_left(connection: Connection) -> int:
    token: Token = Token.objects.get(connection_id=connection.pk)
    return max(0, math.floor((token.access_expires_at - timezone.now()).total_seconds()))
