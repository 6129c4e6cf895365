"""A device's readings, read through its assignment periods.

The table's key begins with the patient, so each period is one range scan of it; periods do not overlap.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from readings.models import reading_public_id
from readings.store.steps import Steps

# The data plane's role sees all patients of a clinic: there the list of patients is what holds a patient's login back.
_PERIODS = """
    assignment.organization_id = %(organization_id)s AND assignment.device_id = %(device_id)s
    AND (%(patient_ids)s::bigint[] IS NULL OR assignment.patient_id = ANY (%(patient_ids)s::bigint[]))
"""
_WITHIN_PERIOD = """
    reading.organization_id = %(organization_id)s AND reading.patient_id = assignment.patient_id
    AND reading.device_id = %(device_id)s
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
 WHERE {_PERIODS}
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
 WHERE {_PERIODS}
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


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A device as the caller may read it. ``patient_ids``: only what it measured of these patients; None: of all."""

    organization_id: int
    device_id: int
    patient_ids: Sequence[int] | None = None

    def parameters(self, since: datetime | None, until: datetime | None) -> dict[str, Any]:
        return {
            "organization_id": self.organization_id,
            "device_id": self.device_id,
            "patient_ids": None if self.patient_ids is None else list(self.patient_ids),
            "since": since,
            "until": until,
        }


def device_page_steps(
    device: DeviceKey,
    *,
    public_number: int,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    offset: int = 0,
) -> Steps[list[DeviceReading]]:
    """Newest first, from ``since`` on, before ``until``, copies too. ``public_number``: the device's, for the ids."""
    found = yield _NEWEST, {**device.parameters(since, until), "limit": limit, "offset": offset}
    return [_device_reading(public_number, *row) for row in found]


def device_statistics_steps(device: DeviceKey, *, since: datetime | None, until: datetime | None) -> Steps[Statistics]:
    """Of the readings from ``since`` on, before ``until``."""
    found = yield _STATISTICS, device.parameters(since, until)
    return Statistics(*found[0])


def _device_reading(public_number: int, *row: Any) -> DeviceReading:
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
        public_id=reading_public_id(measured_at, public_number),
    )
