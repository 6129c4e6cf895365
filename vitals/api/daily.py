"""A day of a patient in figures: the vital signs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import record_look
from patients.api.care_team import named_patient
from patients.models import Patient
from readings.history.days import day_of
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer
from vitals.analysis.aggregates import Aggregate, aggregates_of
from vitals.analysis.periods import Grain, periods_between
from vitals.api.aggregates import MeasuredFiguresShape, figures_body
from vitals.api.queries import EARLIEST, LATEST, OUT_OF_REACH
from vitals.catalogue import TYPES, Category, MetricType

# The kind of look that the route names.
DAILY = "vitals.daily"


class DayQuerySerializer(CamelCaseSerializer):
    date = serializers.DateField(required=False, help_text="of the patient's calendar; today if left out")

    def validate_date(self, day: dt.date) -> dt.date:
        if not EARLIEST <= day <= LATEST:
            raise serializers.ValidationError(OUT_OF_REACH, code="window")
        return day


class DailyVitalShape(MeasuredFiguresShape):
    type = serializers.CharField()
    unit = serializers.CharField()
    diastolic = MeasuredFiguresShape(allow_null=True, help_text="of blood pressure, whose own figures are systolic")


class DailyStatsShape(CamelCaseSerializer):
    date = serializers.DateField()
    timezone = serializers.CharField()
    vitals = DailyVitalShape(many=True, help_text="those that were measured on the day")


class DailyStatsView(RoutedView, APIView):
    @extend_schema(parameters=[DayQuerySerializer], responses=DailyStatsShape)
    def get(self, request: Request, code: str) -> Response:
        """Count, extremes, mean and median of each vital sign on one day."""
        patient = named_patient(code)
        query = DayQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        day = query.validated_data.get("date") or day_of(timezone.now(), patient.zone)
        record_look(kind=DAILY, object_id=patient.code, patient_id=patient.pk)
        body = {"date": day, "timezone": patient.timezone, "vitals": _vitals(patient, day)}
        return Response(DailyStatsShape(body).data)


def _vitals(patient: Patient, day: dt.date) -> list[dict[str, Any]]:
    periods = periods_between(day, day, Grain.DAY, patient.zone)
    metrics = [kind.metric for kind in TYPES.values() if kind.category is Category.VITALS]
    return [
        _body(TYPES[metric], aggregate)
        for metric, found in aggregates_of(patient, metrics, periods).items()
        for aggregate in found
    ]


def _body(kind: MetricType, aggregate: Aggregate) -> dict[str, Any]:
    second = None if aggregate.second is None else figures_body(kind, aggregate.second)
    return {"type": kind.name, "unit": kind.unit, **figures_body(kind, aggregate.figures), "diastolic": second}
