from __future__ import annotations

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.api.windows import WindowSerializer
from alerts.statistics import Statistics, statistics
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField

USUAL, LONGEST = timedelta(days=30), timedelta(days=366)


class StatisticsQuerySerializer(WindowSerializer):
    usual, longest = USUAL, LONGEST

    since = InstantField(required=False, help_text="opened at this time or later; 30 days before until if left out")
    until = InstantField(required=False, help_text="opened before this time; now if left out")


class AlertStatisticsSerializer(CamelCaseSerializer):
    since = InstantField()
    until = InstantField()
    alarms = serializers.IntegerField()
    open = serializers.IntegerField()
    acknowledged = serializers.IntegerField()
    by_severity = serializers.DictField(child=serializers.IntegerField())
    by_rule = serializers.DictField(child=serializers.IntegerField(), help_text="most frequent first")
    median_seconds_to_acknowledge = serializers.FloatField(allow_null=True)
    p90_seconds_to_acknowledge = serializers.FloatField(allow_null=True)
    patient_days = serializers.IntegerField(help_text="local days with readings")
    alarms_per_patient_day = serializers.FloatField(allow_null=True)
    reviewed = serializers.DictField(child=serializers.IntegerField(), help_text="by the last review of each alarm")
    false_alarm_share = serializers.FloatField(allow_null=True, help_text="0 to 1, of those found true or false")


class AlertStatisticsView(RoutedView, APIView):
    @extend_schema(parameters=[StatisticsQuerySerializer], responses=AlertStatisticsSerializer)
    def get(self, request: Request) -> Response:
        """Of the patients whom the caller may see."""
        query = StatisticsQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        window = query.validated_data
        return Response(AlertStatisticsSerializer({**window, **_body(statistics(**window))}).data)


def _body(found: Statistics) -> dict[str, Any]:
    share, rate = found.false_alarm_share, found.alarms_per_patient_day
    return {
        "alarms": found.alarms,
        "open": found.open,
        "acknowledged": found.acknowledged,
        "by_severity": found.by_severity,
        "by_rule": found.by_rule,
        "median_seconds_to_acknowledge": _seconds(found.median_until_acknowledged),
        "p90_seconds_to_acknowledge": _seconds(found.p90_until_acknowledged),
        "patient_days": found.patient_days,
        "alarms_per_patient_day": None if rate is None else round(rate, 2),
        "reviewed": found.reviewed,
        "false_alarm_share": None if share is None else round(share, 3),
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds(), 1)
