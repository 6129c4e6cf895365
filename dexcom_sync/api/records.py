"""What Dexcom told, from our store and in Dexcom's shape: the newest version of each record."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.services import record_look
from dexcom_sync.api.naming import asked_patient
from dexcom_sync.api.windows import WindowSerializer, checked_window
from dexcom_sync.equipment_shapes import device_shapes
from dexcom_sync.models import Alert, Calibration, Connection, Egv, Event, Resource
from dexcom_sync.models.records import Record
from dexcom_sync.shapes import RECORD_TYPES, display_text, shape_of, system_text
from patients.models import Patient
from tenancy.api.routing import RoutedView
from tenancy.api.serializers import CamelCaseSerializer, InstantField

VERSION = "3.0"


class EnvelopeSerializer(CamelCaseSerializer):
    record_type = serializers.CharField()
    record_version = serializers.CharField()
    user_id = serializers.CharField(help_text="Dexcom's, for this platform; empty where nothing was read yet")
    last_sync_at = InstantField(allow_null=True, help_text="when all was read last; data are older by hours")


class RecordsSerializer(EnvelopeSerializer):
    records = serializers.ListField(
        child=serializers.DictField(), help_text="as Dexcom's API v3 has them, members unknown to us among them"
    )


class MomentSerializer(CamelCaseSerializer):
    system_time = serializers.CharField()
    display_time = serializers.CharField(allow_null=True)


class RangeSerializer(CamelCaseSerializer):
    start = MomentSerializer()
    end = MomentSerializer()


class DataRangeSerializer(EnvelopeSerializer):
    calibrations = RangeSerializer(allow_null=True)
    egvs = RangeSerializer(allow_null=True)
    events = RangeSerializer(allow_null=True)


class RecordsView(RoutedView, APIView):
    """At most 30 days, ``startDate`` among them and ``endDate`` not. Newest first."""

    resource: ClassVar[Resource]
    model: ClassVar[type[Record]]

    @extend_schema(parameters=[WindowSerializer], responses=RecordsSerializer)
    def get(self, request: Request) -> Response:
        asked = _asked(request)
        since, until = checked_window(asked)
        patient = _looked_at(request, asked, self.resource)
        rows = _in_window(self.model, patient, since, until).select_related("source")
        records = [shape_of(row) for row in rows.order_by("-system_time", "record_id")]
        return Response({**_envelope(patient, RECORD_TYPES[self.resource]), "records": records})


class EgvsView(RecordsView):
    resource, model = Resource.EGVS, Egv


class EventsView(RecordsView):
    """Deleted events are among them, with ``eventStatus`` deleted."""

    resource, model = Resource.EVENTS, Event


class CalibrationsView(RecordsView):
    resource, model = Resource.CALIBRATIONS, Calibration


class AlertsView(RecordsView):
    resource, model = Resource.ALERTS, Alert


class DevicesView(RoutedView, APIView):
    @extend_schema(parameters=[WindowSerializer], responses=RecordsSerializer)
    def get(self, request: Request) -> Response:
        """Every device that was ever seen; with ``startDate`` or ``endDate`` those whose last upload lies there."""
        asked = _asked(request)
        window = checked_window(asked) if asked["is_given"] else None
        patient = _looked_at(request, asked, Resource.DEVICES)
        records = device_shapes(patient, window)
        return Response({**_envelope(patient, RECORD_TYPES[Resource.DEVICES]), "records": records})


class DataRangeView(RoutedView, APIView):
    @extend_schema(parameters=[WindowSerializer], responses=DataRangeSerializer)
    def get(self, request: Request) -> Response:
        """The first and the last record of our store; with ``startDate`` or ``endDate``, of that stretch."""
        asked = _asked(request)
        window = checked_window(asked) if asked["is_given"] else None
        patient = _looked_at(request, asked, "data_range")
        ranges = {
            view.resource.value: _range(view.model, patient, window)
            for view in (CalibrationsView, EgvsView, EventsView)
        }
        return Response({**_envelope(patient, "dataRange"), **ranges})


def kind_of(resource: str) -> str:
    """The kind of look that the routes name."""
    return f"dexcom_sync.{resource}"


def _asked(request: Request) -> dict[str, Any]:
    query = WindowSerializer(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def _looked_at(request: Request, asked: dict[str, Any], resource: str) -> Patient:
    patient = asked_patient(request, asked["patient"])
    record_look(kind=kind_of(resource), object_id=patient.code, patient_id=patient.pk)
    return patient


def _envelope(patient: Patient, record_type: str) -> dict[str, Any]:
    """Of the connection that stands, or of the last one: its data are still there."""
    connections = Connection.objects.of_patient(patient)
    of_them: Connection | None = connections.standing().first() or connections.order_by("-id").first()
    return {
        "recordType": record_type,
        "recordVersion": VERSION,
        "userId": of_them.dexcom_user_id if of_them else "",
        "lastSyncAt": of_them.last_ok_at if of_them else None,
    }


def _in_window(
    model: type[Record], patient: Patient, since: datetime, until: datetime
) -> models.QuerySet[Record, Record]:
    found: models.QuerySet[Record, Record] = model.objects.filter(
        patient_id=patient.pk, system_time__gte=since, system_time__lt=until
    )
    return found


def _range(model: type[Record], patient: Patient, window: tuple[datetime, datetime] | None) -> dict[str, Any] | None:
    rows = _in_window(model, patient, *window) if window else model.objects.filter(patient_id=patient.pk)
    first, last = rows.order_by("system_time").first(), rows.order_by("-system_time").first()
    return None if first is None or last is None else {"start": _moment(first), "end": _moment(last)}


def _moment(row: Record) -> dict[str, str | None]:
    return {
        "systemTime": system_text(row.system_time),
        "displayTime": display_text(row, row.system_time, row.display_offset),
    }
