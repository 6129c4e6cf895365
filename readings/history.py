"""A device's readings, read through its assignment periods.

The table's key begins with the patient, so each period is one range scan of it; periods do not overlap.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from devices.models import Device
from readings.models import reading_public_id
from tenancy.scope import required_organization_id

_WITHIN_PERIOD = """
    reading.organization_id = %(organization)s AND reading.patient_id = assignment.patient_id
    AND reading.device_id = %(device)s
    AND reading.measured_at >= greatest(assignment.starts_at, %(since)s::timestamptz)
    AND reading.measured_at < COALESCE(least(assignment.ends_at, %(until)s::timestamptz), 'infinity')
"""

_NEWEST = f"""
SELECT reading.measured_at, reading.glucose, reading.range_flag, reading.quality, reading.confidence,
       reading.battery_level, reading.sensor_data::text, reading.received_at, patient.id, patient.code
  FROM devices_assignment assignment
  JOIN patients_patient patient
    ON patient.organization_id = assignment.organization_id AND patient.id = assignment.patient_id
 CROSS JOIN LATERAL (
       SELECT * FROM readings_glucosereading reading WHERE {_WITHIN_PERIOD}
        ORDER BY reading.measured_at DESC LIMIT %(offset)s + %(limit)s) reading
 WHERE assignment.organization_id = %(organization)s AND assignment.device_id = %(device)s
 ORDER BY reading.measured_at DESC LIMIT %(limit)s OFFSET %(offset)s
"""  # noqa: S608  constant text

# Below and above its range a sensor gives no number: such readings count in the ranges, as the consensus has it, and
# with their bound in mean, median and deviation, but are never the smallest or largest value.
_STATISTICS = f"""
SELECT count(*), min(glucose) FILTER (WHERE range_flag = 0), max(glucose) FILTER (WHERE range_flag = 0),
       round(avg(glucose), 1)::float8, percentile_cont(0.5) WITHIN GROUP (ORDER BY glucose),
       round(stddev_samp(glucose), 1)::float8,
       count(*) FILTER (WHERE range_flag = -1), count(*) FILTER (WHERE range_flag = 1),
       count(*) FILTER (WHERE glucose < 54), count(*) FILTER (WHERE glucose BETWEEN 54 AND 69),
       count(*) FILTER (WHERE glucose BETWEEN 70 AND 180), count(*) FILTER (WHERE glucose BETWEEN 181 AND 250),
       count(*) FILTER (WHERE glucose > 250)
  FROM devices_assignment assignment
 CROSS JOIN LATERAL (
       SELECT glucose, range_flag FROM readings_glucosereading reading
        WHERE {_WITHIN_PERIOD} AND NOT reading.is_copy) reading
 WHERE assignment.organization_id = %(organization)s AND assignment.device_id = %(device)s
"""  # noqa: S608  constant text


@dataclass(frozen=True, slots=True)
class DeviceReading:
    measured_at: datetime
    glucose: int
    range_flag: int
    quality: int | None
    confidence: Decimal | None
    battery_level: int | None
    sensor_data: dict[str, Any] | None
    received_at: datetime
    patient_id: int
    patient_code: str
    public_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Statistics:
    """mg/dL. Canonical readings only; ``deviation`` with n - 1, None for fewer than two readings."""

    count: int
    minimum: int | None
    maximum: int | None
    mean: float | None
    median: float | None
    deviation: float | None
    below_sensor_range: int
    above_sensor_range: int
    very_low: int
    low: int
    in_range: int
    high: int
    very_high: int


def device_readings(
    device: Device, *, since: datetime | None, until: datetime | None, limit: int, offset: int = 0
) -> list[DeviceReading]:
    """Newest first, from ``since`` on, before ``until``."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {**_parameters(device, since, until), "limit": limit, "offset": offset})
        return [_device_reading(device, *row) for row in cursor.fetchall()]


def device_statistics(device: Device, *, since: datetime | None, until: datetime | None) -> Statistics:
    with connection.cursor() as cursor:
        cursor.execute(_STATISTICS, _parameters(device, since, until))
        return Statistics(*cursor.fetchone())


def _parameters(device: Device, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    return {"organization": required_organization_id(), "device": device.pk, "since": since, "until": until}


def _device_reading(device: Device, *row: Any) -> DeviceReading:
    measured_at, glucose, flag, quality, confidence, battery, sensor_data, received_at, patient_id, patient_code = row
    return DeviceReading(
        measured_at=measured_at,
        glucose=glucose,
        range_flag=flag,
        quality=quality,
        confidence=confidence,
        battery_level=battery,
        sensor_data=None if sensor_data is None else json.loads(sensor_data),
        received_at=received_at,
        patient_id=patient_id,
        patient_code=patient_code,
        public_id=reading_public_id(measured_at, device.public_number),
    )
