from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.commands.statistics import statistics
from devices.models import Device
from tenancy.api.lookups import one_or_404
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField

USUAL = timedelta(days=30)


class StatisticsQuerySerializer(CamelCaseSerializer):
    device = serializers.CharField(required=False, max_length=50, help_text="code or id; all devices if left out")
    since = InstantField(required=False, help_text="ordered at this time or later; 30 days before until if left out")
    until = InstantField(required=False, help_text="ordered before this time; now if left out")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        until: datetime = attrs.get("until") or timezone.now()
        since: datetime = attrs.get("since") or until - USUAL
        if since >= until:
            raise serializers.ValidationError({"until": ["It must be later than since."]}, code="window")
        return {**attrs, "since": since, "until": until}


class CommandStatisticsSerializer(CamelCaseSerializer):
    since = InstantField()
    until = InstantField()
    total = serializers.IntegerField()
    by_status = serializers.DictField(child=serializers.IntegerField())
    by_type = serializers.DictField(child=serializers.IntegerField())
    by_priority = serializers.DictField(child=serializers.IntegerField())
    avg_execution_time_ms = serializers.IntegerField(
        source="average_execution_ms", allow_null=True, help_text="of completed ones"
    )
    success_rate = serializers.FloatField(
        allow_null=True, help_text="0 to 1: completed of all that ended, cancelled ones aside; null where none has"
    )


class CommandStatisticsView(RoutedView, APIView):
    @extend_schema(
        operation_id="devices_commands_stats",
        parameters=[StatisticsQuerySerializer],
        responses=CommandStatisticsSerializer,
    )
    def get(self, request: Request) -> Response:
        query = StatisticsQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        window = dict(query.validated_data)
        name = window.pop("device", None)
        device_id = None if name is None else one_or_404(Device.objects.named(name)).pk
        found = statistics(**window, device_id=device_id)
        names = ("total", "by_status", "by_type", "by_priority", "average_execution_ms", "success_rate")
        body = {**window, **{field: getattr(found, field) for field in names}}
        return Response(CommandStatisticsSerializer(body).data)
