"""Stored records in Dexcom's own shape, as its answers have them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from dexcom_sync.models import Alert, Calibration, Egv, Event, OffsetSource, Resource
from dexcom_sync.models.records import Record

Shape = dict[str, Any]


def shape_of(row: Record) -> Shape:
    """Members that this platform does not know are there as they came."""
    return {
        "recordId": row.record_id,
        "systemTime": system_text(row.system_time),
        "displayTime": display_text(row, row.system_time, row.display_offset),
        **_MEMBERS[type(row)](row),
        **_source(row),
        **(row.extra or {}),
    }


def shape_text(row: Record) -> str:
    return msgspec.json.encode(shape_of(row)).decode()


def system_text(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def display_text(row: Record, instant: datetime, offset: int | None) -> str | None:
    """With its UTC offset where the device told one; a receiver's is wall time of a zone that nobody knows."""
    if offset is None:
        return None
    wall = (instant.astimezone(UTC) + timedelta(seconds=offset)).strftime("%Y-%m-%dT%H:%M:%S")
    if row.offset_source != OffsetSource.EXPLICIT or row.utc_offset is None:
        return wall
    hours, minutes = divmod(abs(row.utc_offset), 60)
    return f"{wall}{'-' if row.utc_offset < 0 else '+'}{hours:02}:{minutes:02}"


def _source(row: Record) -> Shape:
    source = row.source
    return {
        "transmitterId": source.transmitter_id,
        "transmitterGeneration": source.generation,
        "transmitterGenerationVariant": source.variant,
        "displayDevice": source.display_device,
        "displayApp": source.display_app or None,
    }


def _egv(row: Egv) -> Shape:
    return {
        "transmitterTicks": row.transmitter_ticks,
        "value": row.value,
        "status": row.status or None,
        "trend": row.trend or None,
        "trendRate": row.trend_rate,
        "unit": row.unit,
        "rateUnit": row.rate_unit,
    }


def _event(row: Event) -> Shape:
    recorded = row.recorded_system_time
    return {
        "recordedSystemTime": recorded and system_text(recorded),
        "recordedDisplayTime": recorded and display_text(row, recorded, row.recorded_display_offset),
        "eventStatus": row.event_status,
        "eventType": row.event_type,
        "eventSubType": row.event_sub_type or None,
        "value": row.text or None,
        "unit": row.unit or None,
    }


def _calibration(row: Calibration) -> Shape:
    return {"value": row.value, "unit": row.unit or None, "transmitterTicks": row.transmitter_ticks}


def _alert(row: Alert) -> Shape:
    return {"alertName": row.alert_name, "alertState": row.alert_state}


_MEMBERS: dict[type[Record], Callable[[Any], Shape]] = {
    Egv: _egv,
    Event: _event,
    Calibration: _calibration,
    Alert: _alert,
}
# Singular, as documented; samples of theirs show both.
RECORD_TYPES = {
    Resource.EGVS: "egv",
    Resource.EVENTS: "event",
    Resource.CALIBRATIONS: "calibration",
    Resource.ALERTS: "alert",
    Resource.DEVICES: "device",
}
