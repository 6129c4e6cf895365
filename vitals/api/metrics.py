"""Measurements one by one: entered, looked up, corrected and deleted."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import record_look
from patients.models import Patient
from readings.api.people import patient_asked_about
from readings.history.days import ONE_DAY, start_of_day
from tenancy.api.errors import Conflict
from tenancy.api.lookups import possible_uuid
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField
from vitals.api.lists import PatientListView
from vitals.api.queries import DaysQuerySerializer, PatientQuerySerializer
from vitals.catalogue import BY_NAME, TYPES, MetricType
from vitals.models import Measurement, MeasurementQuerySet
from vitals.reading import measurement_called
from vitals.services import (
    BY_HAND,
    OF_A_DEVICE,
    Entered,
    change_measurement,
    create_measurement,
    delete_measurement,
)
from vitals.units import shown_in, units_of
from vitals.wording import spoken_value

# The kind of look that the routes name.
MEASUREMENT = "vitals.measurement"
NOT_FOUND = "Health metric not found"
NAMES = list(BY_NAME)


class MeasurementShape(CamelCaseSerializer):
    id = serializers.UUIDField()
    patient = serializers.CharField()
    metric_type = serializers.ChoiceField(NAMES)
    value = serializers.JSONField(help_text='in the canonical unit; of blood pressure "120/80"')
    unit = serializers.CharField(help_text="the canonical one")
    entered_value = serializers.JSONField(help_text="in the unit that it came in")
    entered_unit = serializers.CharField()
    systolic = serializers.FloatField(allow_null=True)
    diastolic = serializers.FloatField(allow_null=True)
    recorded_at = InstantField()
    # REST framework's own attribute of this name is where a field's value comes from.
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="device, user, observation, or the name of an app"
    )
    device = serializers.CharField(allow_null=True)
    notes = serializers.CharField()
    created_at = InstantField()
    updated_at = InstantField(allow_null=True)


class MeasuredValuesSerializer(CamelCaseSerializer):
    value = serializers.FloatField(required=False, help_text="of all but blood pressure")
    systolic = serializers.FloatField(required=False)
    diastolic = serializers.FloatField(required=False)
    unit = serializers.CharField(required=False, max_length=20, help_text="of those that the kind takes")
    recorded_at = InstantField(required=False)
    source = serializers.CharField(required=False, max_length=100)  # type: ignore[assignment]
    notes = serializers.CharField(required=False, allow_blank=True, max_length=500)


class NewMeasurementSerializer(PatientQuerySerializer, MeasuredValuesSerializer):
    metric_type = serializers.ChoiceField(NAMES)


class MetricsQuerySerializer(DaysQuerySerializer):
    type = serializers.ChoiceField(NAMES, required=False)
    source = serializers.CharField(required=False, max_length=100)  # type: ignore[assignment]


class MetricLimitsShape(CamelCaseSerializer):
    low = serializers.FloatField()
    high = serializers.FloatField()


class MetricTypeShape(CamelCaseSerializer):
    type = serializers.CharField()
    category = serializers.CharField()
    unit = serializers.CharField(help_text="the canonical one, in which values are kept and limits are meant")
    units = serializers.ListField(child=serializers.CharField(), help_text="accepted")
    limits = MetricLimitsShape()
    diastolic = MetricLimitsShape(allow_null=True)
    is_additive = serializers.BooleanField()


class MetricTypesShape(CamelCaseSerializer):
    items = MetricTypeShape(many=True)


class MeasurementPagination(ItemsPagination):
    ordering = ("-measured_at", "-metric", "-source_number")


class MetricsView(PatientListView[Measurement]):
    look = MEASUREMENT
    query_class = MetricsQuerySerializer
    serializer_class = MeasurementShape
    pagination_class = MeasurementPagination
    queryset = Measurement.objects.none()  # for the schema, which knows no patient

    @extend_schema(parameters=[MetricsQuerySerializer], responses=MeasurementShape(many=True))
    def get(self, request: Request) -> Response:
        """Newest first; days are those of the patient's zone."""
        patient, asked = self.asked(request)
        found = _found(patient, asked).select_related("patient", "device")
        return self.page(found, lambda rows: [measurement_body(row) for row in rows])

    @extend_schema(request=NewMeasurementSerializer, responses={201: MeasurementShape})
    def post(self, request: Request) -> Response:
        """Blood pressure has ``systolic`` and ``diastolic`` in the place of ``value``; its unit may be left out."""
        form = NewMeasurementSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        patient = patient_asked_about(request, said.get("patient"))
        row = create_measurement(
            patient=patient,
            entered=_entered(BY_NAME[said["metric_type"]], said),
            measured_at=said.get("recorded_at"),
            source=said.get("source", BY_HAND),
            notes=said.get("notes", ""),
        )
        return Response(measurement_body(row), status=201)


class MetricView(RoutedView, APIView):
    @extend_schema(responses=MeasurementShape)
    def get(self, request: Request, measurementId: str) -> Response:
        row = _one(measurementId)
        record_look(kind=MEASUREMENT, object_id=str(row.shown_id), patient_id=row.patient_id)
        return Response(measurement_body(row))

    @extend_schema(request=MeasuredValuesSerializer, responses=MeasurementShape)
    def put(self, request: Request, measurementId: str) -> Response:
        """What is left out stays. What a device measured cannot be changed."""
        row, form = _one(measurementId), MeasuredValuesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        if row.device_id is not None:
            raise Conflict(OF_A_DEVICE)
        said = form.validated_data
        changed = change_measurement(
            measurement=row,
            entered=_changed(row, said),
            measured_at=said.get("recorded_at"),
            source=said.get("source"),
            notes=said.get("notes"),
        )
        return Response(measurement_body(changed))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, measurementId: str) -> Response:
        delete_measurement(measurement=_one(measurementId))
        return Response(status=204)


class MetricTypesView(RoutedView, APIView):
    @extend_schema(responses=MetricTypesShape)
    def get(self, request: Request) -> Response:
        """All kinds with their units and the limits of what is believable, which say nothing about what is healthy."""
        return Response(MetricTypesShape({"items": [_type_body(kind) for kind in TYPES.values()]}).data)


def measurement_body(row: Measurement) -> dict[str, Any]:
    kind = row.type
    first, second = (
        None if value is None else shown_in(kind, value, row.unit) for value in (row.value, row.second_value)
    )
    body = {
        "id": row.shown_id,
        "patient": row.patient.code,
        "metric_type": kind.name,
        "value": spoken_value(kind, row.value, row.second_value),
        "unit": kind.unit,
        "entered_value": f"{first:g}/{'' if second is None else f'{second:g}'}" if kind.is_pair else first,
        "entered_unit": row.unit,
        "systolic": row.value if kind.is_pair else None,
        "diastolic": row.second_value,
        "recorded_at": row.measured_at,
        "source": row.source,
        "device": row.device.code if row.device_id is not None and row.device else None,
        "notes": row.notes,
        "created_at": row.received_at,
        "updated_at": row.updated_at,
    }
    return dict(MeasurementShape(body).data)


def _found(patient: Patient, asked: dict[str, Any]) -> MeasurementQuerySet:
    found: MeasurementQuerySet = Measurement.objects.for_patient(patient)
    if "type" in asked:
        found = found.of_metrics([BY_NAME[asked["type"]].metric])
    if "source" in asked:
        found = found.filter(source=asked["source"])
    if "start_date" in asked:
        since = start_of_day(asked["start_date"], patient.zone)
        found = found.between(since, start_of_day(asked["end_date"] + ONE_DAY, patient.zone))
    return found


def _one(measurement_id: str) -> Measurement:
    # Whatever it is that nobody here has: one answer, so that none of them is told apart.
    public_id = possible_uuid(measurement_id)
    row = measurement_called(public_id) if public_id else None
    if row is None:
        raise NotFound(NOT_FOUND)
    return row


def _entered(kind: MetricType, said: dict[str, Any]) -> Entered:
    if not kind.is_pair and "unit" not in said:
        raise ValidationError({"unit": f"Send one of {', '.join(units_of(kind))}."})
    value, second = _values(kind, said)
    return Entered(kind, value, second, said.get("unit", kind.unit))


def _changed(row: Measurement, said: dict[str, Any]) -> Entered:
    """Values without a unit are in the one that the row came in; a unit alone says what the value was meant in."""
    kind = row.type
    unit = said.get("unit", row.unit)
    if {"value", "systolic", "diastolic"} & set(said):
        return Entered(kind, *_values(kind, said), unit)
    first, second = (
        None if value is None else shown_in(kind, value, row.unit) for value in (row.value, row.second_value)
    )
    return Entered(kind, first, second, unit)


def _values(kind: MetricType, said: dict[str, Any]) -> tuple[float | None, float | None]:
    if kind.is_pair:
        return said.get("systolic"), said.get("diastolic")
    return said.get("value"), said.get("diastolic") or said.get("systolic")


def _type_body(kind: MetricType) -> dict[str, Any]:
    return {
        "type": kind.name,
        "category": kind.category,
        "unit": kind.unit,
        "units": units_of(kind),
        "limits": kind.limits,
        "diastolic": kind.second,
        "is_additive": kind.is_additive,
    }
