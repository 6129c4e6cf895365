"""Hours of one patient or of all, patient by patient."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.api.naming import clinic_unit
from audit.services import record_look
from patients.models import Patient
from readings.people import find_patient
from reports.api.glucose.patient import asked
from reports.glucose.hours import hours_of
from tenancy.api.cursors import cursor_at, place_at
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField
from vitals.analysis.hours import Hour, vital_hours_of
from vitals.catalogue import BY_NAME, MetricType, metric_type

# The kind of look that the route names.
HOURS = "analytics.hours"
GLUCOSE = "glucose"
USUAL, LONGEST_OF_ONE, LONGEST_OF_ALL = timedelta(days=1), timedelta(days=31), timedelta(days=2)


class HoursQuerySerializer(CamelCaseSerializer):
    type = serializers.ChoiceField([GLUCOSE, *sorted(BY_NAME)], default=GLUCOSE)
    since = InstantField(required=False, help_text="a day before until if left out")
    until = InstantField(required=False, help_text="now if left out; at most 2 days after since, 31 of one patient")
    patient = serializers.CharField(required=False, max_length=50, help_text="code; all if left out")
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200, help_text="patients of a page")
    cursor = serializers.CharField(required=False, max_length=100, help_text="the next of the page before")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        until = attrs.get("until", timezone.now())
        since = attrs.get("since", until - USUAL)
        longest = LONGEST_OF_ONE if "patient" in attrs else LONGEST_OF_ALL
        if since >= until:
            raise serializers.ValidationError("until must be later than since", code="window")
        if until - since > longest:
            raise serializers.ValidationError(f"Ask for {longest.days} days at most.", code="window")
        return {**attrs, "since": since, "until": until}

    def validate_cursor(self, text: str) -> str:
        try:
            (code,) = place_at(text, 1)
        except ValueError:
            code = None
        if not isinstance(code, str):
            raise serializers.ValidationError("This is no cursor that was given out.", code="invalid")
        return code

    def validate_patient(self, code: str) -> Patient:
        patient = find_patient(code)
        if patient is None:
            raise serializers.ValidationError("There is no patient with this code.", code="unknown")
        return patient


class HourItemShape(CamelCaseSerializer):
    hour = InstantField(help_text="where the hour of the patient's clock begins")
    patient = serializers.CharField(help_text="code")
    n = serializers.IntegerField()
    avg = serializers.FloatField(allow_null=True, help_text="null where nothing could be measured")
    min = serializers.FloatField(allow_null=True, help_text="of what could be measured")
    max = serializers.FloatField(allow_null=True)


class HoursShape(CamelCaseSerializer):
    type = serializers.CharField()
    unit = serializers.CharField()
    since = InstantField()
    until = InstantField()
    items = HourItemShape(many=True, help_text="by patient code, then ascending")
    next = serializers.CharField(allow_null=True, help_text="the cursor of the page that follows")


class HourlyStatsView(RoutedView, APIView):
    @extend_schema(parameters=[HoursQuerySerializer], responses=HoursShape)
    def get(self, request: Request) -> Response:
        """Number, mean and extremes of each hour, of blood pressure by its systolic value. Empty hours are left out."""
        query = asked(request, HoursQuerySerializer).validated_data
        patients, following = _page(query)
        record_look(kind=HOURS, patient_ids=[patient.pk for patient in patients])
        unit, items = _hours(query, patients)
        window = {"since": query["since"], "until": query["until"]}
        return Response(
            HoursShape({"type": query["type"], "unit": unit, **window, "items": items, "next": following}).data
        )


def _hours(query: dict[str, Any], patients: list[Patient]) -> tuple[str, list[dict[str, Any]]]:
    kind = metric_type(query["type"])
    if kind is None:
        unit = clinic_unit()
        return unit, hours_of(patients, query["since"], query["until"], unit)
    found = vital_hours_of(patients, kind.metric, query["since"], query["until"])
    return kind.unit, [_item(kind, patient, hour) for patient in patients for hour in found.get(patient.pk, ())]


def _item(kind: MetricType, patient: Patient, hour: Hour) -> dict[str, Any]:
    figures = {name: round(getattr(hour, name), kind.decimals + 2) for name in ("avg", "min", "max")}
    return {"hour": hour.begins_at, "patient": patient.code, "n": hour.count, **figures}


def _page(query: dict[str, Any]) -> tuple[list[Patient], str | None]:
    if "patient" in query:
        return [query["patient"]], None
    patients = Patient.objects.current().order_by("code")
    if "cursor" in query:
        patients = patients.filter(code__gt=query["cursor"])
    found = list(patients[: query["limit"] + 1])
    page = found[: query["limit"]]
    return page, cursor_at(page[-1].code) if len(found) > len(page) else None
