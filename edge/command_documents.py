"""What the OpenAPI document and Django's URLs know of the routes by which devices get and report their commands."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from devices.commands.api.views import NewCommandView
from devices.commands.models import Kind, Status
from edge.command_reports import Report
from edge.documents import EdgeView, NotHere
from edge.queries import COMMAND_PARAMETERS
from edge.request_schema import inline_schema
from tenancy.api.serializers import CamelCaseSerializer


class GivenCommandSerializer(CamelCaseSerializer):
    id = serializers.UUIDField()
    type = serializers.ChoiceField(Kind.choices)
    parameters = serializers.DictField()
    expires_at = serializers.DateTimeField(help_text="a report after this time is refused")


class ReportedCommandSerializer(CamelCaseSerializer):
    id = serializers.UUIDField()
    type = serializers.ChoiceField(Kind.choices)
    status = serializers.ChoiceField(Status.choices)
    retry_attempt = serializers.IntegerField(help_text="0 is the first")


class DeviceCommandsView(NewCommandView):
    @extend_schema(
        operation_id="devices_commands_fetch",
        parameters=COMMAND_PARAMETERS,
        responses=GivenCommandSerializer(many=True),
    )
    def get(self, request: Request, deviceId: str) -> Response:
        """What the device is to do now, the most urgent first. They count as sent, and are not given to another.

        What is never reported is given again after a minute, with the same id, until it expires.
        """
        raise NotHere


class DeviceCommandView(EdgeView):
    @extend_schema(
        operation_id="devices_commands_report",
        request={"application/json": inline_schema(Report)},
        responses={
            200: ReportedCommandSerializer,
            409: OpenApiResponse(description="It expired, or has ended already"),
        },
    )
    def put(self, request: Request, deviceId: str, commandId: str) -> Response:
        """How it went. A report that is repeated gets the same answer."""
        raise NotHere
