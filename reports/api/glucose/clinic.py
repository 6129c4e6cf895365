"""The clinic's results: of the patients whom the caller sees."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.models import Episode
from patients.models import Patient
from reports.api.glucose.patient import asked
from reports.api.glucose.shapes import AlertCountsShape
from reports.api.statistics import device_counts, readings_of_a_day
from reports.glucose.clinic import sums_of_days, together
from reports.glucose.numbers import number
from reports.glucose.standing import by_severity
from reports.glucose.trends import METRICS, PERIODS, trend_json
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer
from tenancy.models import GlucoseUnit, Organization
from tenancy.scope import required_organization_id

DAYS = 14


class DevicesShape(CamelCaseSerializer):
    total = serializers.IntegerField(help_text="without those that are retired")
    online = serializers.IntegerField()


class RangePeriodShape(CamelCaseSerializer):
    first = serializers.DateField()
    last = serializers.DateField(help_text="included")
    patients = serializers.IntegerField(help_text="with readings in it, on an average day")


class ClinicSummaryShape(CamelCaseSerializer):
    patients = serializers.IntegerField(help_text="current ones")
    devices = DevicesShape()
    readings24h = serializers.IntegerField()
    alerts = AlertCountsShape()
    time_in_range = serializers.FloatField(
        allow_null=True, help_text="% of all readings of the days below, by each patient's goals"
    )
    time_in_range_of = RangePeriodShape()


class ClinicSummaryView(RoutedView, APIView):
    @extend_schema(operation_id="analytics_clinic_summary", responses=ClinicSummaryShape)
    def get(self, request: Request) -> Response:
        today, alarms = clinic_today(), Episode.objects.alarming()
        first, last = today - timedelta(days=DAYS), today - timedelta(days=1)
        sums = together(sums_of_days(first, last).values())
        devices = device_counts()
        severities = by_severity(alarms)
        body = {
            "patients": Patient.objects.current().count(),
            "devices": {"total": devices["total"], "online": devices["online"]},
            "readings24h": readings_of_a_day(),
            "alerts": {"active": sum(severities.values()), "by_severity": severities},
            "time_in_range": number(sums.percent("in_range")),
            "time_in_range_of": {"first": first, "last": last, "patients": round(sums.patient_days / DAYS)},
        }
        return Response(ClinicSummaryShape(body).data)


class TrendQuerySerializer(CamelCaseSerializer):
    period = serializers.ChoiceField(tuple(PERIODS), default="14d", help_text="whole days that end yesterday")
    metric = serializers.ChoiceField(tuple(METRICS), default="timeInRange")


class PointShape(CamelCaseSerializer):
    day = serializers.DateField(help_text="of each patient's own calendar")
    value = serializers.FloatField(allow_null=True)
    patients = serializers.IntegerField()


class TrendShape(CamelCaseSerializer):
    metric = serializers.ChoiceField(tuple(METRICS))
    unit = serializers.ChoiceField(GlucoseUnit.choices, help_text="of glucose; other metrics are percent or counts")
    definition_version = serializers.CharField()
    first = serializers.DateField()
    last = serializers.DateField(help_text="included")
    points = PointShape(many=True)
    value = serializers.FloatField(allow_null=True, help_text="of the whole period")
    previous = serializers.FloatField(allow_null=True, help_text="of as many days before")
    change = serializers.FloatField(allow_null=True)
    patient_days = serializers.IntegerField()
    previous_patient_days = serializers.IntegerField()


class TrendsView(RoutedView, APIView):
    @extend_schema(parameters=[TrendQuerySerializer], responses=TrendShape)
    def get(self, request: Request) -> HttpResponse:
        """One metric day by day and against the period before, from summaries of days; five minutes old at most."""
        query = asked(request, TrendQuerySerializer).validated_data
        found = trend_json(**query, today=clinic_today(), unit=current_organization().glucose_unit)
        return HttpResponse(found, content_type="application/json")


def current_organization() -> Organization:
    found: Organization = Organization.objects.get(pk=required_organization_id())
    return found


def clinic_today() -> date:
    return timezone.now().astimezone(ZoneInfo(current_organization().timezone)).date()
