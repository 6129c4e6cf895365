"""What the OpenAPI document and Django's URLs know of what devices tell of themselves.

Devices' methods are the data plane's; people's at the same address are Django's, whose views these inherit.
"""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.views import DeviceStatusView as DeviceStatusOfPeople
from devices.fleet.api.logs import DeviceLogsView as DeviceLogsOfPeople
from devices.fleet.api.settings import DeviceSettingsSerializer
from edge.device_payloads import Heartbeat, LogEntries
from edge.documents import EdgeView, NotHere
from edge.request_schema import inline_schema
from tenancy.api.serializers import CamelCaseSerializer

HEARTBEAT_BODY = inline_schema(Heartbeat)


class HeardSerializer(CamelCaseSerializer):
    status = serializers.CharField(help_text="ok")
    server_time = serializers.DateTimeField()
    pending_commands = serializers.IntegerField(help_text="how many the device would get if it asked now")
    settings = DeviceSettingsSerializer(
        required=False, help_text="only where they changed since the version that the device said it works with"
    )


class AcceptedEntriesSerializer(serializers.Serializer[None]):
    accepted = serializers.IntegerField()


class HeartbeatView(EdgeView):
    @extend_schema(
        operation_id="devices_heartbeat", request={"application/json": HEARTBEAT_BODY}, responses=HeardSerializer
    )
    def post(self, request: Request, deviceId: str) -> Response:
        """All that the device knows of itself at this moment: what is left out is not known any more."""
        raise NotHere


class DeviceStatusView(DeviceStatusOfPeople):
    @extend_schema(
        operation_id="devices_status_create", request={"application/json": HEARTBEAT_BODY}, responses=HeardSerializer
    )
    def post(self, request: Request, deviceId: str) -> Response:
        """What changed in the device: what is left out stays as it was told before."""
        raise NotHere


class DeviceLogsView(DeviceLogsOfPeople):
    @extend_schema(
        operation_id="devices_logs_create",
        request={"application/json": inline_schema(LogEntries)},
        responses={202: AcceptedEntriesSerializer},
    )
    def post(self, request: Request, deviceId: str) -> Response:
        """1 to 500 entries of the device's own log, of at most 4 KB each. The oldest go when there are too many."""
        raise NotHere
