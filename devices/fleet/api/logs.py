"""The log of a device, as its clinic's staff read it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from devices.fleet.models import DeviceLog, LogLevel
from devices.models import Device
from tenancy.api.filters import FilterSet, InstantFilter, OneOfFilter, SearchFilter
from tenancy.api.lookups import one_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer

LEVELS = {level.label: level.value for level in LogLevel}


def matching(entries: QuerySet[DeviceLog], text: str) -> QuerySet[DeviceLog]:
    """Whose message or context holds ``text``, whatever its case."""
    found = entries.alias(written=Cast("context", TextField()))
    return found.filter(Q(message__icontains=text) | Q(written__icontains=text))


class LogFilters(FilterSet):
    level = OneOfFilter([(word, word) for word in LEVELS], help_text="of this level, and those above it")
    since = InstantFilter(help_text="from this time of the device's clock on; an offset is required")
    until = InstantFilter(help_text="before this time; an offset is required")
    text = SearchFilter(help_text="somewhere in message or context")

    class Meta:
        model = DeviceLog
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[DeviceLog]) -> QuerySet[DeviceLog]:
        chosen = self.form.cleaned_data
        if chosen["level"]:
            queryset = queryset.filter(level__gte=LEVELS[chosen["level"]])
        if chosen["since"]:
            queryset = queryset.filter(logged_at__gte=chosen["since"])
        if chosen["until"]:
            queryset = queryset.filter(logged_at__lt=chosen["until"])
        return matching(queryset, chosen["text"]) if chosen["text"] else queryset


class DeviceLogSerializer(CamelCaseModelSerializer):
    number = serializers.IntegerField(help_text="counts the device's entries as they came")
    at = serializers.DateTimeField(source="logged_at", help_text="by the device's clock")
    level = serializers.SerializerMethodField()
    message = serializers.CharField(help_text="the device's own text: escape it where you show it")
    # REST framework's own attribute of this name is what serializers are made with.
    context = serializers.JSONField(allow_null=True)  # type: ignore[assignment]

    class Meta:
        model = DeviceLog
        fields = ["number", "at", "received_at", "level", "message", "context"]

    def get_level(self, entry: DeviceLog) -> str:
        return LogLevel(entry.level).label


class LogPagination(ItemsPagination):
    ordering = "-number"


class DeviceLogsView(RoutedView, ListModelMixin, GenericAPIView[DeviceLog]):
    serializer_class = DeviceLogSerializer
    pagination_class = LogPagination
    filterset_class = LogFilters
    queryset = DeviceLog.objects.none()  # for the schema, which knows no device

    def get_queryset(self) -> QuerySet[DeviceLog]:
        device = one_or_404(Device.objects.named(self.kwargs["deviceId"]))
        entries: QuerySet[DeviceLog] = DeviceLog.objects.filter(device=device)
        return entries

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What the device wrote about its own work, newest first."""
        return self.list(request, *args, **kwargs)
