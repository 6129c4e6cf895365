"""What measurements come to by days, weeks, months and years."""

from __future__ import annotations

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import record_look
from patients.models import Patient
from readings.api.people import patient_asked_about
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer
from vitals.analysis.aggregates import Aggregate, Figures, aggregates_of, first_day, last_day
from vitals.analysis.periods import Grain, count_between, periods_between
from vitals.api.queries import DaysQuerySerializer
from vitals.catalogue import MetricType, metric_type

# The kind of look that the route names.
AGGREGATE = "vitals.aggregate"
MOST = 4000


class AggregateQuerySerializer(DaysQuerySerializer):
    aggregation = serializers.ChoiceField([grain.value for grain in Grain], default=Grain.DAY.value)


class MeasuredFiguresShape(CamelCaseSerializer):
    count = serializers.IntegerField()
    min = serializers.FloatField()
    max = serializers.FloatField()
    avg = serializers.FloatField()
    median = serializers.FloatField()
    sum = serializers.FloatField(allow_null=True, help_text="of what adds up over a day; null otherwise")


class MeasuredPeriodShape(MeasuredFiguresShape):
    period = serializers.DateField(help_text="the first day of the day, week (Monday), month or year")
    diastolic = MeasuredFiguresShape(allow_null=True, help_text="of blood pressure, whose own figures are systolic")


class MeasuredAggregateShape(CamelCaseSerializer):
    metric_type = serializers.CharField()
    aggregation = serializers.CharField()
    unit = serializers.CharField()
    timezone = serializers.CharField(help_text="in which days begin and end")
    items = MeasuredPeriodShape(many=True, help_text="ascending; periods without measurements are left out")


class AggregateView(RoutedView, APIView):
    @extend_schema(parameters=[AggregateQuerySerializer], responses=MeasuredAggregateShape)
    def get(self, request: Request, type: str) -> Response:
        """Count, extremes, mean and median of each period; all days that were measured unless days are named."""
        kind = metric_type(type)
        if kind is None:
            raise NotFound
        query = AggregateQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        patient = patient_asked_about(request, asked.get("patient"))
        grain = Grain(asked["aggregation"])
        days = _days(patient, kind, asked)
        if days and count_between(*days, grain) > MOST:
            raise ParseError(f"Ask for {MOST} periods at most, or for longer ones than a {grain.value}.")
        record_look(kind=AGGREGATE, object_id=patient.code, patient_id=patient.pk)
        periods = periods_between(*days, grain, patient.zone) if days else []
        body = {
            "metric_type": kind.name,
            "aggregation": grain.value,
            "unit": kind.unit,
            "timezone": patient.timezone,
            "items": [
                _item(kind, aggregate) for aggregate in aggregates_of(patient, [kind.metric], periods)[kind.metric]
            ],
        }
        return Response(MeasuredAggregateShape(body).data)


def _days(patient: Patient, kind: MetricType, asked: dict[str, Any]) -> tuple[date, date] | None:
    if "start_date" in asked:
        return asked["start_date"], asked["end_date"]
    first, last = first_day(patient, kind.metric), last_day(patient, kind.metric)
    return None if first is None or last is None else (first, last)


def _item(kind: MetricType, aggregate: Aggregate) -> dict[str, Any]:
    second = None if aggregate.second is None else figures_body(kind, aggregate.second)
    return {"period": aggregate.begins_on, **figures_body(kind, aggregate.figures), "diastolic": second}


def figures_body(kind: MetricType, figures: Figures) -> dict[str, Any]:
    """Extremes as they were measured, means with one decimal more."""

    def measured(value: float) -> float:
        return round(value, max(kind.decimals, 2))

    return {
        "count": figures.count,
        "min": measured(figures.min),
        "max": measured(figures.max),
        "avg": round(figures.avg, kind.decimals + 2),
        "median": round(figures.median, kind.decimals + 2),
        "sum": measured(figures.sum) if kind.is_additive else None,
    }
