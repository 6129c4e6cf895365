"""What a device told of itself and its surroundings, as its clinic's staff read it."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import CharFilter, NumberFilter
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from devices.models import Device
from readings.models import SensorValue, SignalQuality
from tenancy.api.filters import FilterSet, InstantFilter, OneOfFilter
from tenancy.api.lookups import one_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer

QUALITIES = {quality.label: quality.value for quality in SignalQuality}


class SensorValueFilters(FilterSet):
    sensorType = CharFilter(field_name="sensor_type", max_length=50)  # type: ignore[no-untyped-call]
    quality = OneOfFilter([(word, word) for word in QUALITIES])
    min = NumberFilter(field_name="value", lookup_expr="gte")  # type: ignore[no-untyped-call]
    max = NumberFilter(field_name="value", lookup_expr="lte")  # type: ignore[no-untyped-call]
    unit = CharFilter(max_length=50)  # type: ignore[no-untyped-call]
    since = InstantFilter(help_text="from this time on; an offset is required")
    until = InstantFilter(help_text="before this time; an offset is required")

    class Meta:
        model = SensorValue
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[SensorValue]) -> QuerySet[SensorValue]:
        chosen = self.form.cleaned_data
        conditions = {
            "sensor_type": chosen["sensorType"],
            "quality": QUALITIES.get(chosen["quality"]),
            "value__gte": chosen["min"],
            "value__lte": chosen["max"],
            "unit": chosen["unit"],
            "measured_at__gte": chosen["since"],
            "measured_at__lt": chosen["until"],
        }
        return queryset.filter(**{name: value for name, value in conditions.items() if value not in (None, "")})


class SensorValueSerializer(CamelCaseModelSerializer):
    timestamp = serializers.DateTimeField(source="measured_at")
    quality = serializers.SerializerMethodField()

    class Meta:
        model = SensorValue
        fields = ["sensor_type", "value", "unit", "timestamp", "quality", "received_at"]

    def get_quality(self, row: SensorValue) -> str | None:
        return None if row.quality is None else SignalQuality(row.quality).label


class SensorValuePagination(ItemsPagination):
    ordering = ("-measured_at", "-sensor_type")


class SensorValuesView(RoutedView, ListModelMixin, GenericAPIView[SensorValue]):
    serializer_class = SensorValueSerializer
    pagination_class = SensorValuePagination
    filterset_class = SensorValueFilters
    queryset = SensorValue.objects.none()  # for the schema, which knows no device

    def get_queryset(self) -> QuerySet[SensorValue]:
        device = one_or_404(Device.objects.named(self.kwargs["deviceId"]))
        found: QuerySet[SensorValue] = SensorValue.objects.of_device(device)
        return found

    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        """Newest first. Never a patient's: what a device says of a body stands under the patient."""
        return self.list(request, *args, **kwargs)
