from __future__ import annotations

from typing import Any, cast

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from devices.api.filters import DeviceFilters
from devices.api.serializers import DeviceHealthSerializer, DeviceSerializer, DeviceStatusSerializer
from devices.models import Device, DeviceQuerySet
from devices.services import change_device, register_device, retire_device
from tenancy.api.lookups import one_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView


def devices_with_patients() -> DeviceQuerySet:
    devices: DeviceQuerySet = Device.objects.with_patients_at(timezone.now())
    return devices


class DevicePagination(ItemsPagination):
    ordering = "code"


class DeviceViewSet(
    RoutedView,
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet[Device],
):
    """The clinic's devices, by code or UUID."""

    serializer_class = DeviceSerializer
    filterset_class = DeviceFilters
    pagination_class = DevicePagination
    lookup_field = "code"
    lookup_url_kwarg = "deviceId"

    def get_queryset(self) -> DeviceQuerySet:
        return devices_with_patients()

    def get_object(self) -> Device:
        return one_or_404(self.get_queryset().named(self.kwargs["deviceId"]))

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        device = register_device(**serializer.validated_data)
        serializer.instance = self.get_queryset().get(pk=device.pk)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        device = change_device(device=cast(Device, serializer.instance), changes=serializer.validated_data)
        serializer.instance = self.get_queryset().get(pk=device.pk)

    def perform_destroy(self, instance: Device) -> None:
        """Retires: its keys stop at once, its readings stay."""
        retire_device(device=instance)


class DeviceStatusView(RoutedView, APIView):
    @extend_schema(responses=DeviceStatusSerializer)
    def get(self, request: Request, deviceId: str) -> Response:
        device = one_or_404(devices_with_patients().named(deviceId))
        return Response(DeviceStatusSerializer(device).data)


class DeviceHealthView(RoutedView, APIView):
    @extend_schema(responses=DeviceHealthSerializer)
    def get(self, request: Request, deviceId: str) -> Response:
        device = one_or_404(Device.objects.named(deviceId))
        return Response(DeviceHealthSerializer(device).data)
