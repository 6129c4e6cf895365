"""Devices in Dexcom's own shape."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from dexcom_sync.models import DeviceSettings, Source
from dexcom_sync.shapes import Shape, system_text
from patients.models import Patient


def device_shapes(patient: Patient, uploaded: tuple[datetime, datetime] | None = None) -> list[Shape]:
    """With the newest settings of each. ``uploaded``: only those whose last upload lies in this stretch."""
    sources = Source.objects.filter(patient_id=patient.pk).order_by("id")
    if uploaded is not None:
        sources = sources.filter(last_upload_at__gte=uploaded[0], last_upload_at__lt=uploaded[1])
    schedules = _schedules(patient)
    return [_device(source, schedules.get(source.pk, [])) for source in sources]


def _schedules(patient: Patient) -> dict[int, Any]:
    newest = DeviceSettings.objects.filter(patient_id=patient.pk).order_by("source_id", "-seen_at", "-id")
    return {row.source_id: json.loads(row.schedules) or [] for row in newest.distinct("source_id")}


def _device(source: Source, schedules: Any) -> Shape:
    return {
        "lastUploadDate": source.last_upload_at and system_text(source.last_upload_at),
        "transmitterId": source.transmitter_id,
        "transmitterGeneration": source.generation,
        "transmitterGenerationVariant": source.variant,
        "displayDevice": source.display_device,
        "displayApp": source.display_app or None,
        "alertSchedules": schedules,
    }
