from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from devices.fleet.api.callers import device_of_caller, is_person, name_of_caller
from devices.fleet.models import Calibration
from devices.fleet.services import add_calibration
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseModelSerializer, CamelCaseSerializer, InstantField

OFFSETS = ("red_offset", "infrared_offset", "green_offset", "temperature_offset")


def _offset() -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=6, decimal_places=3, coerce_to_string=False)


class CalibrationSerializer(CamelCaseModelSerializer):
    id = serializers.UUIDField(source="public_id")
    red_offset = _offset()
    infrared_offset = _offset()
    green_offset = _offset()
    temperature_offset = _offset()

    class Meta:
        model = Calibration
        fields = ["id", *OFFSETS, "calibrated_at", "made_by", "created_at"]


class NewCalibrationSerializer(CamelCaseSerializer):
    red_offset = _offset()
    infrared_offset = _offset()
    green_offset = _offset()
    temperature_offset = _offset()
    calibrated_at = InstantField(required=False, help_text="now, where it is not given")


class CalibrationPagination(ItemsPagination):
    ordering = ("-calibrated_at", "-id")


class CalibrationsView(RoutedView, ListModelMixin, GenericAPIView[Calibration]):
    serializer_class = CalibrationSerializer
    pagination_class = CalibrationPagination
    queryset = Calibration.objects.none()  # for the schema, which knows no device

    def get_queryset(self) -> QuerySet[Calibration]:
        found: QuerySet[Calibration] = Calibration.objects.filter(
            device=device_of_caller(self.request, self.kwargs["deviceId"])
        )
        return found

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Of the device's sensors, newest first: the first one holds."""
        return self.list(request, *args, **kwargs)

    @extend_schema(request=NewCalibrationSerializer, responses={201: CalibrationSerializer})
    def post(self, request: Request, deviceId: str) -> Response:
        """Offsets have three decimals at most. A calibration is never changed: a new one takes its place."""
        form = NewCalibrationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent = dict(form.validated_data)
        calibration = add_calibration(
            device=device_of_caller(request, deviceId),
            calibrated_at=sent.pop("calibrated_at", None),
            offsets=sent,
            made_by=name_of_caller(request),
            by_person=is_person(request),
        )
        return Response(CalibrationSerializer(calibration).data, status=201)
