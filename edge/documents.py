"""What the OpenAPI document and Django's URLs know of the data plane's routes.

The data plane answers them before Django sees them. A server that runs Django alone (WSGI) says so.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from edge.queries import HISTORY_PARAMETERS, LIST_PARAMETERS, WINDOW_PARAMETERS
from edge.request_schema import PUSH_BODY
from edge.schema import (
    BatchAnswerSerializer,
    BucketHistorySerializer,
    CurrentGlucoseSerializer,
    DeviceReadingSerializer,
    ProcessedSerializer,
    RawHistorySerializer,
    StatisticsSerializer,
)
from tenancy.api.routing import RoutedView


class NotHere(APIException):
    status_code = 503
    default_detail = (
        "This address is answered by the data plane (edge), which does not run in this process: serve "
        "glucose_platform.asgi, or route this address to it."
    )
    default_code = "not_here"


# A docstring here would describe each route in the document.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class EdgeView(RoutedView, APIView):
    pass


class DeviceReadingsView(EdgeView):
    @extend_schema(
        operation_id="devices_readings_list", parameters=LIST_PARAMETERS, responses=DeviceReadingSerializer(many=True)
    )
    def get(self, request: Request, deviceId: str) -> Response:
        """The device's readings, newest first."""
        raise NotHere

    @extend_schema(
        operation_id="devices_readings_create",
        request={"application/json": PUSH_BODY},
        responses={
            201: OpenApiResponse(ProcessedSerializer, "one reading, stored and committed"),
            200: OpenApiResponse(BatchAnswerSerializer, "a batch, with one result for each item"),
        },
    )
    def post(self, request: Request, deviceId: str) -> Response:
        """One reading, or a batch of 1 to 1,000 items. The body is read as JSON whatever Content-Type says."""
        raise NotHere


class LatestReadingView(EdgeView):
    @extend_schema(operation_id="devices_readings_latest", responses=DeviceReadingSerializer)
    def get(self, request: Request, deviceId: str) -> Response:
        """The device's newest reading; 404 where it has none."""
        raise NotHere


class ReadingStatisticsView(EdgeView):
    @extend_schema(operation_id="devices_readings_stats", parameters=WINDOW_PARAMETERS, responses=StatisticsSerializer)
    def get(self, request: Request, deviceId: str) -> Response:
        """Count, spread and time in ranges of the device's readings."""
        raise NotHere


class CurrentGlucoseView(EdgeView):
    @extend_schema(operation_id="users_glucose_current", responses=CurrentGlucoseSerializer)
    def get(self, request: Request, userId: str) -> Response:
        """The newest reading, with trend and age; 404 where there is none."""
        raise NotHere


class GlucoseHistoryView(EdgeView):
    @extend_schema(
        operation_id="users_glucose_history",
        parameters=HISTORY_PARAMETERS,
        responses=PolymorphicProxySerializer(
            "GlucoseHistory", [RawHistorySerializer, BucketHistorySerializer], resource_type_field_name=None
        ),
    )
    def get(self, request: Request, userId: str) -> Response:
        """Readings of a period, newest first, page by page; copies of one measurement are left out.

        With a resolution the smallest, largest and mean value of each step that has readings, from the patient's
        local midnight on.
        """
        raise NotHere
