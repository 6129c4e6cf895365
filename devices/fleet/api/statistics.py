from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.fleet.statistics import fleet_statistics
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer


class FleetStatisticsSerializer(CamelCaseSerializer):
    total = serializers.IntegerField(help_text="without those that are retired")
    active = serializers.IntegerField(help_text="of this status")
    online = serializers.IntegerField()
    offline = serializers.IntegerField()
    online_rate = serializers.FloatField(allow_null=True, help_text="percent; null where there is no device")
    new_in30_days = serializers.IntegerField()
    low_battery = serializers.IntegerField()
    by_status = serializers.DictField(child=serializers.IntegerField())
    by_health = serializers.DictField(child=serializers.IntegerField())
    firmware = serializers.DictField(child=serializers.IntegerField(), help_text="devices of each version")


class FleetStatisticsView(RoutedView, APIView):
    @extend_schema(operation_id="devices_statistics", responses=FleetStatisticsSerializer)
    def get(self, request: Request) -> Response:
        return Response(FleetStatisticsSerializer(fleet_statistics(timezone.now())).data)
