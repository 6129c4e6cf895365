"""A patient's readings one by one, in pages that are found by key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from readings.store.steps import PatientKey, Steps

# Instant and device of a reading: what is read next comes after it.
Place = tuple[datetime, int]
RawRow = tuple[Any, ...]

# A page is cut before devices are joined, and the bounds are plain comparisons of their own, so that the planner opens
# only the months in between.
_RAW = """
SELECT reading.measured_at, reading.device_id, device.code, device.public_number, reading.glucose, reading.range_flag,
       reading.quality, reading.trend, reading.rate, reading.confidence::float8, reading.battery_level,
       reading.sensor_data::text, reading.received_at
  FROM (SELECT *
          FROM readings_glucosereading reading
         WHERE reading.organization_id = %(organization_id)s AND patient_id = %(patient_id)s AND NOT is_copy
           AND measured_at >= COALESCE(%(since)s::timestamptz, '-infinity')
           AND measured_at < COALESCE(%(until)s::timestamptz, 'infinity')
           {after}
         ORDER BY measured_at DESC, device_id DESC LIMIT %(limit)s) reading
  JOIN devices_device device ON device.organization_id = %(organization_id)s AND device.id = reading.device_id
 ORDER BY reading.measured_at DESC, reading.device_id DESC
"""
_FIRST_PAGE = _RAW.format(after="")
_NEXT_PAGE = _RAW.format(
    after="""AND measured_at <= %(after_instant)s
           AND (measured_at, device_id) < (%(after_instant)s, %(after_device)s)"""
)


def raw_page_steps(
    patient: PatientKey, *, since: datetime | None, until: datetime | None, after: Place | None = None, limit: int
) -> Steps[list[RawRow]]:
    """Canonical readings from ``since`` on, before ``until``, newest first; ``after``: the last one of the page before.

    Each a tuple: measured_at, device id, device code, the device's public number (for the reading's id), glucose
    (mg/dL; a mere bound where the flag is not 0), range flag, quality, trend, rate (mg/dL/min), confidence (float),
    battery level, sensor data (text of JSON), received_at. Plain tuples, since thousands are written at once.
    """
    parameters = {**window_parameters(patient, since, until), "limit": limit}
    if after is None:
        return (yield _FIRST_PAGE, parameters)
    return (yield _NEXT_PAGE, {**parameters, "after_instant": after[0], "after_device": after[1]})


def window_parameters(patient: PatientKey, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    organization_id, patient_id = patient
    return {"organization_id": organization_id, "patient_id": patient_id, "since": since, "until": until}
