"""The simple configuration: the form of a phone, over the full rules."""

from __future__ import annotations

from datetime import time
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.services.configuration import (
    CRITICAL_ALWAYS_PASSES,
    DEFAULT_HIGH,
    DEFAULT_LOW,
    DEFAULT_RAPID_CHANGE,
    USUAL_QUIET_HOURS,
    Configuration,
    configuration_of,
    configure,
)
from audit.services import record_look
from patients.models import Patient
from readings.api.people import patient_of
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer

# The kind of look that the routes name.
CONFIGURATION = "alerts.configuration"
CLOCK = "%H:%M"


# OpenAPI's format "time" has seconds and an offset.
@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
class ClockField(serializers.TimeField):
    def __init__(self, **options: Any) -> None:
        super().__init__(format=CLOCK, input_formats=[CLOCK], help_text="of the patient's clock", **options)


class QuietHoursSerializer(CamelCaseSerializer):
    enabled = serializers.BooleanField()
    start = ClockField(default=USUAL_QUIET_HOURS[0])
    end = ClockField(default=USUAL_QUIET_HOURS[1])
    allow_critical = serializers.BooleanField(default=True, help_text="always true")

    def validate_allow_critical(self, allowed: bool) -> bool:
        if not allowed:
            raise serializers.ValidationError(CRITICAL_ALWAYS_PASSES, code="critical")
        return allowed


class NewConfigurationSerializer(CamelCaseSerializer):
    low_glucose = serializers.IntegerField(min_value=40, max_value=100, default=DEFAULT_LOW, help_text="mg/dL")
    high_glucose = serializers.IntegerField(min_value=150, max_value=400, default=DEFAULT_HIGH, help_text="mg/dL")
    rapid_change = serializers.FloatField(
        min_value=1, max_value=10, default=DEFAULT_RAPID_CHANGE, allow_null=True, help_text="mg/dL/min; null: off"
    )
    enable_notifications = serializers.BooleanField(default=True, help_text="false holds all but critical alarms")
    quiet_hours = QuietHoursSerializer(required=False, help_text="left out: none")


class ConfigurationSerializer(CamelCaseSerializer):
    """What is in force, wherever it comes from; null where no such alarm is on."""

    low_glucose = serializers.IntegerField(allow_null=True, help_text="mg/dL")
    high_glucose = serializers.IntegerField(allow_null=True, help_text="mg/dL")
    rapid_change = serializers.FloatField(allow_null=True, help_text="mg/dL/min")
    enable_notifications = serializers.BooleanField()
    quiet_hours = QuietHoursSerializer()
    is_own = serializers.BooleanField(help_text="false: nobody has saved this form; the rules are the clinic's")


class ConfigurationView(RoutedView, APIView):
    @extend_schema(responses=ConfigurationSerializer)
    def get(self, request: Request, userId: str) -> Response:
        patient = patient_of(request, userId)
        record_look(kind=CONFIGURATION, object_id=patient.code, patient_id=patient.pk)
        return Response(configuration_body(patient))

    @extend_schema(request=NewConfigurationSerializer, responses=ConfigurationSerializer)
    def put(self, request: Request, userId: str) -> Response:
        """As rules of the patient's own. Urgent lows alarm whatever is chosen here."""
        return save_configuration(request, userId)


class ConfigureView(RoutedView, APIView):
    @extend_schema(request=NewConfigurationSerializer, responses=ConfigurationSerializer)
    def post(self, request: Request, userId: str) -> Response:
        """The same as PUT of the configuration."""
        return save_configuration(request, userId)


def save_configuration(request: Request, user_id: str) -> Response:
    patient, form = patient_of(request, user_id), NewConfigurationSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    said = form.validated_data
    configure(
        patient=patient,
        low=said["low_glucose"],
        high=said["high_glucose"],
        rapid_change=said["rapid_change"],
        notifies=said["enable_notifications"],
        quiet_hours=_quiet_hours(said.get("quiet_hours")),
    )
    return Response(configuration_body(patient))


def _quiet_hours(said: dict[str, Any] | None) -> tuple[time, time] | None:
    return (said["start"], said["end"]) if said and said["enabled"] else None


def configuration_body(patient: Patient) -> dict[str, Any]:
    found: Configuration = configuration_of(patient)
    start, end = found.quiet_hours or USUAL_QUIET_HOURS
    shown = {
        "low_glucose": found.low,
        "high_glucose": found.high,
        "rapid_change": found.rapid_change,
        "enable_notifications": found.notifies,
        "quiet_hours": {"enabled": found.quiet_hours is not None, "start": start, "end": end, "allow_critical": True},
        "is_own": found.is_own,
    }
    return dict(ConfigurationSerializer(shown).data)
