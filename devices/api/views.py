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

from audit.services import record_look
from devices.api.filters import DeviceFilters
from devices.api.serializers import DeviceHealthSerializer, DeviceSerializer, DeviceStatusSerializer
from devices.fleet.health import facts_of
from devices.models import Assignment, Device, DeviceQuerySet
from devices.services import change_device, register_device, retire_device
from tenancy.api.lookups import one_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView

# The kind of look that the routes name.
DEVICE = "devices.device"


def devices_with_patients() -> DeviceQuerySet:
    devices: DeviceQuerySet = Device.objects.with_patients_at(timezone.now())
    return devices


def measured_patient_id(device: Device) -> int | None:
    """Needs a device from ``with_patients_at``."""
    assignments: list[Assignment] = device.assignments_in_force  # type: ignore[attr-defined]
    return assignments[0].patient_id if assignments else None


def record_look_at_device(device: Device) -> None:
    """A device's record says whom it measures."""
    record_look(kind=DEVICE, object_id=device.code, patient_id=measured_patient_id(device))


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
        device: Device = one_or_404(self.get_queryset().named(self.kwargs["deviceId"]))
        if self.action == "retrieve":
            record_look_at_device(device)
        return device

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        measured = {patient_id for device in page or [] if (patient_id := measured_patient_id(device)) is not None}
        record_look(kind=DEVICE, patient_ids=sorted(measured))
        return page

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
        record_look_at_device(device)
        return Response(DeviceStatusSerializer(device).data)


class DeviceHealthView(RoutedView, APIView):
    @extend_schema(responses=DeviceHealthSerializer)
    def get(self, request: Request, deviceId: str) -> Response:
        device = one_or_404(Device.objects.named(deviceId))
        (facts,) = facts_of([device], timezone.now())
        return Response(DeviceHealthSerializer(facts).data)
