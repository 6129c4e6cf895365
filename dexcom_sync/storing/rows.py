"""Records as their tables hold them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from dexcom_sync.models import Alert, Calibration, Connection, Egv, Event, OffsetSource, Resource
from dexcom_sync.records import alerts, calibrations, egvs, events
from dexcom_sync.records.times import OffsetSource as Known
from dexcom_sync.records.times import Times

ParsedRecord = egvs.Egv | events.Event | calibrations.Calibration | alerts.Alert
Row = Egv | Event | Calibration | Alert

MODELS: dict[str, type[Row]] = {
    Resource.EGVS: Egv,
    Resource.EVENTS: Event,
    Resource.CALIBRATIONS: Calibration,
    Resource.ALERTS: Alert,
}
_OFFSETS = {
    Known.EXPLICIT: OffsetSource.EXPLICIT,
    Known.DERIVED: OffsetSource.DERIVED,
    Known.ASSUMED: OffsetSource.ASSUMED,
}


def row_of(record: ParsedRecord, connection: Connection, source_id: int, fetched_at: datetime) -> Row:
    """The row of a record that is new."""
    row = MODELS[resource_of(record)](
        organization_id=connection.organization_id,
        patient_id=connection.patient_id,
        record_id=record.record_id,
        connection_id=connection.pk,
        first_seen_at=fetched_at,
    )
    fill(row, record, source_id)
    return row


def fill(row: Row, record: ParsedRecord, source_id: int) -> None:
    """What the record says now."""
    row.source_id = source_id
    for name, value in (_times(record.times) | _provenance(record) | _COLUMNS[type(record)](record)).items():
        setattr(row, name, value)


def resource_of(record: ParsedRecord) -> Resource:
    return _RESOURCES[type(record)]


def _times(times: Times) -> dict[str, Any]:
    return {
        "system_time": times.system_time,
        "display_offset": times.display_offset_seconds,
        "utc_offset": times.utc_offset_minutes,
        "offset_source": _OFFSETS[times.offset_source],
    }


def _provenance(record: ParsedRecord) -> dict[str, Any]:
    told = record.provenance
    return {"payload_digest": told.payload_digest, "flags": told.codes, "extra": told.extra}


def _egv(record: egvs.Egv) -> dict[str, Any]:
    return {
        "transmitter_ticks": record.transmitter_ticks,
        "value": record.value,
        "unit": record.unit,
        "range_flag": record.range_flag,
        "status": record.status,
        "trend": record.trend,
        "trend_rate": record.trend_rate,
        "rate_unit": record.rate_unit,
    }


def _event(record: events.Event) -> dict[str, Any]:
    recorded = record.recorded
    return {
        "event_status": record.event_status,
        "event_type": record.event_type,
        "event_sub_type": record.event_sub_type,
        "value": record.value,
        "text": record.text,
        "unit": record.unit,
        "recorded_system_time": recorded and recorded.system_time,
        "recorded_display_offset": recorded and recorded.display_offset_seconds,
    }


def _calibration(record: calibrations.Calibration) -> dict[str, Any]:
    return {"value": record.value, "unit": record.unit, "transmitter_ticks": record.transmitter_ticks}


def _alert(record: alerts.Alert) -> dict[str, Any]:
    return {"alert_name": record.alert_name, "alert_state": record.alert_state}


_COLUMNS: dict[type[Any], Callable[[Any], dict[str, Any]]] = {
    egvs.Egv: _egv,
    events.Event: _event,
    calibrations.Calibration: _calibration,
    alerts.Alert: _alert,
}
_RESOURCES: dict[type[Any], Resource] = {
    egvs.Egv: Resource.EGVS,
    events.Event: Resource.EVENTS,
    calibrations.Calibration: Resource.CALIBRATIONS,
    alerts.Alert: Resource.ALERTS,
}
