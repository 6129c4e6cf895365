"""What was measured of a patient, instant by instant."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import record_look
from patients.api.care_team import named_patient
from patients.models import Patient
from readings.models import GlucoseReading
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField
from vitals.catalogue import BY_NAME, TYPES, Category, Metric
from vitals.models import Measurement
from vitals.reading import newest_instants
from vitals.wording import spoken_value

# The kind of look that the route names.
HISTORY = "vitals.history"
GLUCOSE = "glucose"
VITAL_SIGNS = [kind.name for kind in TYPES.values() if kind.category is Category.VITALS]


class HistoryQuerySerializer(CamelCaseSerializer):
    types = serializers.CharField(
        required=False, max_length=1000, help_text="separated by commas; glucose as well; the vital signs if left out"
    )
    limit = serializers.IntegerField(default=100, min_value=1, max_value=1000, help_text="instants")
    since = InstantField(required=False, help_text="from this time on")
    until = InstantField(required=False, help_text="before this time")

    def validate_types(self, text: str) -> list[str]:
        names = list(dict.fromkeys(name.strip() for name in text.split(",")))
        unknown = [name for name in names if name != GLUCOSE and name not in BY_NAME]
        if unknown:
            raise serializers.ValidationError(f"{unknown[0][:50]} is no kind of measurement.", code="unknown")
        return names


class InstantValueShape(CamelCaseSerializer):
    id = serializers.UUIDField()
    type = serializers.CharField()
    value = serializers.JSONField(help_text='of blood pressure "120/80"')
    unit = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]


class MeasuredInstantShape(CamelCaseSerializer):
    timestamp = InstantField()
    values = InstantValueShape(many=True)


class HistoryView(RoutedView, APIView):
    @extend_schema(parameters=[HistoryQuerySerializer], responses=MeasuredInstantShape(many=True))
    def get(self, request: Request, code: str) -> Response:
        """Newest first, one item per instant. For what is older ask again with the last ``timestamp`` as ``until``."""
        patient = named_patient(code)
        query = HistoryQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        record_look(kind=HISTORY, object_id=patient.code, patient_id=patient.pk)
        names, limit = asked.get("types") or VITAL_SIGNS, asked["limit"]
        since, until = asked.get("since"), asked.get("until")
        metrics = [BY_NAME[name].metric for name in names if name != GLUCOSE]
        values = _measured(patient, metrics, since, until, limit)
        if GLUCOSE in names:
            for at, glucose in _glucose(patient, since, until, limit):
                values.setdefault(at, []).insert(0, glucose)
        newest = sorted(values, reverse=True)[:limit]
        return Response([MeasuredInstantShape({"timestamp": at, "values": values[at]}).data for at in newest])


def _measured(
    patient: Patient, metrics: list[Metric], since: datetime | None, until: datetime | None, limit: int
) -> dict[datetime, list[dict[str, Any]]]:
    found = newest_instants(patient, metrics, since, until, limit) if metrics else []
    return {at: [_value(row) for row in rows] for at, rows in found}


def _value(row: Measurement) -> dict[str, Any]:
    kind = row.type
    value = spoken_value(kind, row.value, row.second_value)
    return {"id": row.shown_id, "type": kind.name, "value": value, "unit": kind.unit, "source": row.source}


def _glucose(
    patient: Patient, since: datetime | None, until: datetime | None, limit: int
) -> list[tuple[datetime, dict[str, Any]]]:
    found = GlucoseReading.objects.for_patient(patient).canonical().between(since, until).newest_first()
    return [
        (
            row.measured_at,
            {"id": row.public_id, "type": GLUCOSE, "value": row.glucose, "unit": "mg/dL", "source": "device"},
        )
        for row in found.select_related("device")[:limit]
    ]
