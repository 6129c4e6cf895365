"""The same change of up to 100 devices."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.fleet.api.settings import DeviceSettingsSerializer, changes_of
from devices.fleet.services import MOST_AT_ONCE, STATUSES, change_many
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer


class BulkChangesSerializer(DeviceSettingsSerializer):
    status = serializers.ChoiceField([status.value for status in STATUSES], required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Say what shall change.", code="required")
        return attrs


class BulkDevicesSerializer(CamelCaseSerializer):
    devices = serializers.ListField(
        child=serializers.CharField(max_length=50), min_length=1, max_length=MOST_AT_ONCE, help_text="codes or ids"
    )
    changes = BulkChangesSerializer()


class BulkDeviceResultSerializer(CamelCaseSerializer):
    device = serializers.CharField(help_text="as it was named")
    status = serializers.ChoiceField(["changed", "rejected"])
    error = serializers.CharField(required=False)


class BulkDevicesAnswerSerializer(CamelCaseSerializer):
    total = serializers.IntegerField()
    successful = serializers.IntegerField()
    failed = serializers.IntegerField()
    results = BulkDeviceResultSerializer(many=True, help_text="in the order sent")


class BulkDevicesView(RoutedView, APIView):
    @extend_schema(operation_id="devices_bulk", request=BulkDevicesSerializer, responses=BulkDevicesAnswerSerializer)
    def post(self, request: Request) -> Response:
        """Each device by itself: one that is refused does not stop the others."""
        form = BulkDevicesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        names = list(dict.fromkeys(form.validated_data["devices"]))
        changed = change_many(codes=names, changes=changes_of(form.validated_data["changes"]))
        results = [
            {"device": name, **({"status": "rejected", "error": one.error} if one.error else {"status": "changed"})}
            for name, one in zip(names, changed, strict=True)
        ]
        failed = sum(bool(one.error) for one in changed)
        body = {"total": len(names), "successful": len(names) - failed, "failed": failed, "results": results}
        return Response(BulkDevicesAnswerSerializer(body).data)
