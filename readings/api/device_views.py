"""Readings under a device's address."""

from __future__ import annotations

from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.actions import Action
from audit.services import record_look
from devices.models import Assignment, Device
from readings.api.callers import device_to_read, principal_of
from readings.api.push import post_to_device
from readings.api.queries import LIST_PARAMETERS, WINDOW_PARAMETERS, ListQuery, NoQuery, WindowQuery, read_query
from readings.api.request_schema import PUSH_BODY
from readings.api.schema import (
    BatchAnswerSerializer,
    DeviceReadingSerializer,
    ProcessedSerializer,
    StatisticsSerializer,
)
from readings.api.shapes import reading_item, statistics_body
from readings.history import DeviceReading, device_readings, device_statistics
from tenancy.api.routing import RoutedView

# The kind of look that the routes name.
DEVICE_READINGS = "readings.device"


# Not atomic as a whole: the slot of a device must be given back when the commit itself fails.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class DeviceReadingsView(RoutedView, APIView):
    @extend_schema(
        operation_id="devices_readings_list", parameters=LIST_PARAMETERS, responses=DeviceReadingSerializer(many=True)
    )
    def get(self, request: Request, deviceId: str) -> Response:
        """The device's readings, newest first."""
        query = read_query(request, ListQuery)
        with transaction.atomic():
            device = device_to_read(principal_of(request), deviceId)
            found = device_readings(
                device, since=query.since, until=query.until, limit=query.limit, offset=query.offset
            )
            record_look_at_readings(device, found)
        return Response([item_of(device, reading) for reading in found])

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
        return post_to_device(request, deviceId)


class LatestReadingView(RoutedView, APIView):
    @extend_schema(operation_id="devices_readings_latest", responses=DeviceReadingSerializer)
    def get(self, request: Request, deviceId: str) -> Response:
        """The device's newest reading; 404 where it has none."""
        read_query(request, NoQuery)
        device = device_to_read(principal_of(request), deviceId)
        found = device_readings(device, since=None, until=None, limit=1)
        if not found:
            raise NotFound(f"No glucose readings found for device {deviceId}")
        record_look_at_readings(device, found)
        return Response(item_of(device, found[0]))


class ReadingStatisticsView(RoutedView, APIView):
    @extend_schema(operation_id="devices_readings_stats", parameters=WINDOW_PARAMETERS, responses=StatisticsSerializer)
    def get(self, request: Request, deviceId: str) -> Response:
        """Count, spread and time in ranges of the device's readings."""
        query = read_query(request, WindowQuery)
        device = device_to_read(principal_of(request), deviceId)
        found = device_statistics(device, since=query.since, until=query.until)
        measured = Assignment.objects.overlapping(query.since, query.until).filter(device=device)
        patient_ids = sorted(set(measured.values_list("patient_id", flat=True)))
        record_look(kind=DEVICE_READINGS, object_id=device.code, patient_ids=patient_ids, action=Action.READ)
        return Response(statistics_body(device.code, query.since, query.until, found))


def record_look_at_readings(device: Device, found: list[DeviceReading]) -> None:
    """Of everybody whom the device measured in these readings."""
    patient_ids = sorted({reading.patient_id for reading in found})
    record_look(kind=DEVICE_READINGS, object_id=device.code, patient_ids=patient_ids, action=Action.READ)


def item_of(device: Device, reading: DeviceReading) -> dict[str, object]:
    return reading_item(
        reading, public_id=reading.public_id, patient_code=reading.patient_code, device_code=device.code
    )
