"""What a device is told to do."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.fleet.api.callers import device_of_caller
from devices.fleet.models import DeviceSettings
from devices.fleet.settings import change_settings, told_settings
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer


class AlertThresholdsSerializer(CamelCaseSerializer):
    low = serializers.IntegerField(min_value=40, max_value=100, allow_null=True, required=False, help_text="mg/dL")
    high = serializers.IntegerField(min_value=150, max_value=400, allow_null=True, required=False, help_text="mg/dL")


class DeviceSettingsSerializer(CamelCaseSerializer):
    version = serializers.IntegerField(read_only=True, help_text="rises with each change")
    reading_interval = serializers.IntegerField(
        required=False, min_value=30, max_value=86_400, help_text="seconds; a new one is 60 at least"
    )
    skin_tone_compensation = serializers.ChoiceField(DeviceSettings.SkinTone.choices, required=False, allow_null=True)
    motion_sensitivity = serializers.ChoiceField(DeviceSettings.MotionSensitivity.choices, required=False)
    sampling_rate = serializers.ChoiceField(DeviceSettings.SamplingRate.choices, required=False)
    alert_thresholds = AlertThresholdsSerializer(
        required=False, help_text="what the device itself warns its wearer of; the clinic's alarms do not follow it"
    )


def changes_of(sent: dict[str, Any]) -> dict[str, Any]:
    """By the names of the fields."""
    changes = dict(sent)
    for name, value in changes.pop("alert_thresholds", {}).items():
        changes[f"alert_{name}"] = value
    if "skin_tone_compensation" in changes:
        changes["skin_tone_compensation"] = changes["skin_tone_compensation"] or ""
    return changes


class DeviceSettingsView(RoutedView, APIView):
    @extend_schema(responses=DeviceSettingsSerializer)
    def get(self, request: Request, deviceId: str) -> Response:
        """As the device is told them with its heartbeat."""
        return Response(told_settings(device_of_caller(request, deviceId)))

    @extend_schema(request=DeviceSettingsSerializer, responses=DeviceSettingsSerializer)
    def put(self, request: Request, deviceId: str) -> Response:
        """What is left out stays. The device is told with its next heartbeat, and until it works with them."""
        form = DeviceSettingsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        device = device_of_caller(request, deviceId)
        return Response(told_settings(change_settings(device=device, changes=changes_of(form.validated_data))))
