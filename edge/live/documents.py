"""What the OpenAPI document and Django's URLs know of the live streams."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from edge.documents import EdgeView, NotHere
from edge.live.topics import TOPICS
from tenancy.api.serializers import CamelCaseSerializer

PARAMETERS = [
    OpenApiParameter("topics", str, description=f"out of {', '.join(TOPICS)}, separated by commas; all you may see"),
    OpenApiParameter("ticket", str, description="of POST /api/v1/stream/ticket, where no header can be sent"),
    OpenApiParameter("lastEventId", str, description="go on behind this event; as the header Last-Event-ID"),
]


# One event, as the standard of server-sent events takes its lines apart.
EVENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "where to go on"},
        "event": {"type": "string", "description": "the type"},
        "data": {"type": "string", "description": "JSON: type, id, at, patient, device where there is one, data"},
    },
}


class TicketSerializer(CamelCaseSerializer):
    ticket = serializers.CharField(help_text="for one connection")
    expires_in = serializers.IntegerField(help_text="seconds")


class StreamView(EdgeView):
    @extend_schema(
        operation_id="stream",
        parameters=PARAMETERS,
        responses={(200, "text/event-stream"): OpenApiResponse(EVENT, "events, without an end")},
    )
    def get(self, request: Request) -> Response:
        """Server-sent events: readings, devices' status and alerts of the patients that you may see, as they happen.

        The same events come over the WebSockets `/ws/vitals`, `/ws/live-data`, `/ws/device-status`, `/ws/alerts` and
        `/ws/commands`. A device's key hears that there is a command for the device.
        """
        raise NotHere


class TicketView(EdgeView):
    @extend_schema(operation_id="stream_ticket", request=None, responses={201: TicketSerializer})
    def post(self, request: Request) -> Response:
        """A ticket that opens one stream within 30 seconds, for clients that cannot send headers."""
        raise NotHere
