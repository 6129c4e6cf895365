from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.fleet.api.callers import device_of_caller, is_person
from devices.fleet.health import LOW_BATTERY_RECORD
from devices.fleet.models import Battery, BatteryHealth
from devices.fleet.services import note_battery
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer


class BatterySerializer(CamelCaseModelSerializer):
    health = serializers.ChoiceField(BatteryHealth.choices, allow_null=True, help_text="null: unknown")
    is_low = serializers.SerializerMethodField(help_text=f"below {LOW_BATTERY_RECORD} %; null: unknown")

    class Meta:
        model = Battery
        fields = ["level", "hours_left", "charge_cycles", "health", "is_low", "updated_at"]

    def get_is_low(self, battery: Battery) -> bool | None:
        return None if battery.level is None else battery.level < LOW_BATTERY_RECORD

    def to_representation(self, instance: Battery) -> dict[str, object]:
        return {**super().to_representation(instance), "health": instance.health or None}


class NewBatterySerializer(CamelCaseSerializer):
    level = serializers.IntegerField(min_value=0, max_value=100, required=False, allow_null=True, help_text="percent")
    hours_left = serializers.IntegerField(min_value=0, max_value=87_600, required=False, allow_null=True)
    charge_cycles = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False)
    health = serializers.ChoiceField(BatteryHealth.choices, required=False)


class BatteryView(RoutedView, APIView):
    @extend_schema(responses=BatterySerializer)
    def get(self, request: Request, deviceId: str) -> Response:
        """404 where nothing was told of it."""
        battery = Battery.objects.filter(device=device_of_caller(request, deviceId)).first()
        if battery is None:
            raise NotFound
        return Response(BatterySerializer(battery).data)

    @extend_schema(request=NewBatterySerializer, responses={201: BatterySerializer})
    def post(self, request: Request, deviceId: str) -> Response:
        """What is left out stays as it was."""
        form = NewBatterySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        device = device_of_caller(request, deviceId)
        battery = note_battery(device=device, changes=form.validated_data, by_person=is_person(request))
        return Response(BatterySerializer(battery).data, status=201)
