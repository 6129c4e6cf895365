"""Glucose under a person's address."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import record_look
from devices.models import Device
from patients.models import Patient
from readings.api.callers import no_readings, patient_to_read, principal_of
from readings.api.queries import HISTORY_PARAMETERS, HistoryQuery, NoQuery, read_query
from readings.api.schema import CurrentGlucoseSerializer, HistoryPageSerializer
from readings.api.shapes import reading_extras, reading_item
from readings.models import (
    GlucoseReading,
    GlucoseReadingQuerySet,
    PatientState,
    read_public_id,
    reading_public_id,
)
from tenancy.api.errors import Unprocessable
from tenancy.api.routing import RoutedView

# Kinds of looks that the routes name.
CURRENT = "readings.current"
HISTORY = "readings.history"


class CurrentGlucoseView(RoutedView, APIView):
    @extend_schema(operation_id="users_glucose_current", responses=CurrentGlucoseSerializer)
    def get(self, request: Request, userId: str) -> Response:
        """The newest reading, with trend and age; 404 where there is none."""
        read_query(request, NoQuery)
        patient = patient_to_read(principal_of(request), userId)
        state = PatientState.objects.filter(patient_id=patient.pk).select_related("device").first()
        if state is None:
            raise no_readings(userId)
        record_look(kind=CURRENT, object_id=patient.code, patient_id=patient.pk)
        age = max(int((timezone.now() - state.measured_at).total_seconds()), 0)
        return Response({**item_with_extras(state, patient), "ageSeconds": age})


class GlucoseHistoryView(RoutedView, APIView):
    @extend_schema(operation_id="users_glucose_history", parameters=HISTORY_PARAMETERS, responses=HistoryPageSerializer)
    def get(self, request: Request, userId: str) -> Response:
        """Readings of a period, newest first, page by page; copies of one measurement are left out."""
        query = read_query(request, HistoryQuery)
        patient = patient_to_read(principal_of(request), userId)
        readings = GlucoseReading.objects.for_patient(patient).between(*query.window(timezone.now())).canonical()
        if query.cursor is not None:
            readings = after_cursor(readings, query.cursor)
        # One more than asked for tells whether there is a next page.
        found = list(readings.newest_first().select_related("device")[: query.limit + 1])
        page = found[: query.limit]
        record_look(kind=HISTORY, object_id=patient.code, patient_id=patient.pk)
        following = str(public_id_of(page[-1])) if len(found) > len(page) else None
        return Response({"items": [item_with_extras(reading, patient) for reading in page], "next": following})


def after_cursor(readings: GlucoseReadingQuerySet, cursor: uuid.UUID) -> GlucoseReadingQuerySet:
    """The cursor is the id of the last reading that was given: no key of the database goes out."""
    place = read_public_id(cursor)
    device = Device.objects.filter(public_number=place[1]).first() if place else None
    if place is None or device is None:
        msg = "This is not the next of a page"
        raise Unprocessable([{"type": "cursor", "loc": ["query", "cursor"], "msg": msg, "input": str(cursor)}])
    return readings.older_than(place[0], device)


def item_with_extras(reading: GlucoseReading | PatientState, patient: Patient) -> dict[str, Any]:
    item = reading_item(
        reading, public_id=public_id_of(reading), patient_code=patient.code, device_code=reading.device.code
    )
    return {**item, **reading_extras(reading, trend=reading.trend, rate=reading.rate)}


def public_id_of(reading: GlucoseReading | PatientState) -> uuid.UUID:
    return reading_public_id(reading.measured_at, reading.device.public_number)
