"""The clinic in figures, for owners, admins and the platform's support."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Membership
from accounts.roles import Role
from devices.health import is_online_at
from devices.models import Device
from patients.models import Patient
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer
from tenancy.scope import required_organization_id

# By patients who sent something: the index leads to their rows, while the time alone would ask for a walk through the
# whole month.
_READINGS_SINCE = """
SELECT COALESCE(sum(recent.count), 0)
  FROM readings_patientstate state
 CROSS JOIN LATERAL (
       SELECT count(*) AS count FROM readings_glucosereading reading
        WHERE reading.organization_id = %(organization_id)s AND reading.patient_id = state.patient_id
          AND reading.measured_at >= %(since)s AND NOT reading.is_copy
       OFFSET 0) recent
 WHERE state.organization_id = %(organization_id)s AND state.measured_at >= %(since)s
"""


class PatientCountsSerializer(CamelCaseSerializer):
    current = serializers.IntegerField()
    archived = serializers.IntegerField()


class DeviceCountsSerializer(CamelCaseSerializer):
    total = serializers.IntegerField(help_text="without those that are retired")
    online = serializers.IntegerField()
    retired = serializers.IntegerField()


class ClinicStatisticsSerializer(CamelCaseSerializer):
    members = serializers.DictField(child=serializers.IntegerField(), help_text="active ones, by role")
    patients = PatientCountsSerializer()
    devices = DeviceCountsSerializer()
    readings24h = serializers.IntegerField()


class StatisticsView(RoutedView, APIView):
    @extend_schema(responses=ClinicStatisticsSerializer)
    def get(self, request: Request) -> Response:
        return Response(ClinicStatisticsSerializer(statistics()).data)


def statistics() -> dict[str, Any]:
    by_role = dict(Membership.objects.active().order_by().values_list("role").annotate(Count("id")))
    return {
        "members": {role: by_role.get(role, 0) for role in Role.values},
        "patients": Patient.objects.aggregate(
            current=Count("id", filter=Q(archived_at__isnull=True)),
            archived=Count("id", filter=Q(archived_at__isnull=False)),
        ),
        "devices": device_counts(),
        "readings24h": readings_of_a_day(),
    }


def device_counts() -> dict[str, int]:
    in_use = ~Q(status=Device.Status.RETIRED)
    counted: dict[str, int] = Device.objects.aggregate(
        total=Count("id", filter=in_use),
        online=Count("id", filter=in_use & Q(is_online_at(timezone.now()))),
        retired=Count("id", filter=~in_use),
    )
    return counted


def readings_of_a_day() -> int:
    """Of the last 24 hours, without copies."""
    with connection.cursor() as cursor:
        cursor.execute(
            _READINGS_SINCE,
            {"organization_id": required_organization_id(), "since": timezone.now() - timedelta(days=1)},
        )
        return int(cursor.fetchone()[0])
