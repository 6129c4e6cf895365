"""Which way the measures of a patient go."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.tendency import Direction
from audit.services import record_look
from readings.api.people import patient_asked_about
from readings.history.days import day_of
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer
from vitals.analysis.latest import latest_of
from vitals.analysis.tendencies import Tendency, tendencies_of
from vitals.api.aggregates import figures_body
from vitals.api.queries import EARLIEST, LATEST, PatientQuerySerializer
from vitals.catalogue import BY_NAME, TYPES, Metric, MetricType

# The kind of look that the route names.
TRENDS = "vitals.trends"
USUAL_DAYS, MOST_DAYS = 30, 365


class TrendsQuerySerializer(PatientQuerySerializer):
    type = serializers.CharField(
        required=False,
        max_length=1000,
        help_text="kinds of measurements, with commas; all that were measured if left out",
    )
    days = serializers.IntegerField(
        default=USUAL_DAYS, min_value=1, max_value=MOST_DAYS, help_text="compared with as many days before them"
    )
    end_date = serializers.DateField(required=False, help_text="the last day, included; today if left out")

    def validate_type(self, text: str) -> list[Metric]:
        names = [name.strip() for name in text.split(",")]
        unknown = [name for name in names if name not in BY_NAME]
        if unknown:
            raise serializers.ValidationError(f"{unknown[0][:50]} is no kind of measurement.", code="unknown")
        return list(dict.fromkeys(BY_NAME[name].metric for name in names))

    def validate_end_date(self, day: date) -> date:
        if not EARLIEST <= day <= LATEST:
            raise serializers.ValidationError(f"Days from {EARLIEST} to {LATEST} can be asked for.", code="window")
        return day


class DayFiguresShape(CamelCaseSerializer):
    day = serializers.DateField()
    count = serializers.IntegerField()
    min = serializers.FloatField()
    max = serializers.FloatField()
    avg = serializers.FloatField()
    median = serializers.FloatField()
    sum = serializers.FloatField(allow_null=True)


class FittedLineShape(CamelCaseSerializer):
    slope_per_day = serializers.FloatField()
    intercept = serializers.FloatField(help_text="at the first day that has measurements")
    r_squared = serializers.FloatField(allow_null=True)
    confidence = serializers.FloatField(help_text="min(r² n / 10, 1)")
    n = serializers.IntegerField(help_text="days with measurements")


class TendencyShape(CamelCaseSerializer):
    metric_type = serializers.CharField()
    unit = serializers.CharField()
    current_value = serializers.FloatField(
        allow_null=True, help_text="the mean of the days; of what adds up, of their totals"
    )
    previous_value = serializers.FloatField(allow_null=True)
    change_percent = serializers.FloatField(allow_null=True)
    trend = serializers.ChoiceField([each.value for each in Direction], help_text="up above +5 %, down below -5 %")
    line = FittedLineShape(allow_null=True, help_text="by least squares; null for fewer than two days")
    data_points = DayFiguresShape(many=True)


class TendenciesShape(CamelCaseSerializer):
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    timezone = serializers.CharField()
    items = TendencyShape(many=True)


class TrendsView(RoutedView, APIView):
    @extend_schema(parameters=[TrendsQuerySerializer], responses=TendenciesShape)
    def get(self, request: Request) -> Response:
        """The days against as many before them, each day counting once. Blood pressure goes by its systolic value."""
        query = TrendsQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        patient = patient_asked_about(request, asked.get("patient"))
        last = asked.get("end_date") or day_of(timezone.now(), patient.zone)
        record_look(kind=TRENDS, object_id=patient.code, patient_id=patient.pk)
        metrics = asked.get("type") or [latest.metric for latest in latest_of(patient)]
        found = tendencies_of(patient, metrics, last=last, days=asked["days"])
        first = date.fromordinal(last.toordinal() - asked["days"] + 1)
        body = {
            "first_day": first,
            "last_day": last,
            "timezone": patient.timezone,
            "items": list(map(trend_body, found)),
        }
        return Response(TendenciesShape(body).data)


def trend_body(found: Tendency) -> dict[str, Any]:
    kind = TYPES[found.metric]
    return {
        "metric_type": kind.name,
        "unit": kind.unit,
        "current_value": _mean(kind, found.mean),
        "previous_value": _mean(kind, found.mean_before),
        "change_percent": None if found.change.percent is None else round(found.change.percent, 2),
        "trend": found.change.direction.value,
        "line": _line(found),
        "data_points": [{"day": day.begins_on, **figures_body(kind, day.figures)} for day in found.days],
    }


def _mean(kind: MetricType, value: float | None) -> float | None:
    return None if value is None else round(value, kind.decimals + 2)


def _line(found: Tendency) -> dict[str, Any] | None:
    if found.line is None:
        return None
    return {
        "slope_per_day": round(found.line.slope_per_day, 6),
        "intercept": round(found.line.intercept, 4),
        "r_squared": None if found.line.r_squared is None else round(found.line.r_squared, 6),
        "confidence": round(found.line.confidence, 4),
        "n": found.line.count,
    }
