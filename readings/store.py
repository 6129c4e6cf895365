"""The one statement family that stores readings. Every source ends here.

A row's patient is the one whose assignment of the device is in force at ``measured_at``; (device, instant) decides
the row, so storing the same rows again, in any order and any pieces, changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from readings.models import reading_public_id
from readings.rows import Outcome, ReadingRow, RowResult, cut_to_milliseconds
from tenancy.scope import required_organization_id

_INSERT = """
WITH sent AS (
    SELECT *
      FROM unnest(%(device_id)s::bigint[], %(measured_at)s::timestamptz[], %(glucose)s::smallint[],
                  %(unit)s::smallint[], %(range_flag)s::smallint[], %(quality)s::smallint[], %(trend)s::smallint[],
                  %(rate)s::float8[], %(confidence)s::numeric[], %(battery_level)s::smallint[],
                  %(sensor_data)s::jsonb[])
           WITH ORDINALITY AS row (device_id, measured_at, glucose, unit, range_flag, quality, trend,
                                   rate, confidence, battery_level, sensor_data, position)
), placed AS (
    SELECT sent.*, assignment.patient_id, device.public_number
      FROM sent
      JOIN devices_device device
        ON device.organization_id = %(organization)s AND device.id = sent.device_id
      LEFT JOIN devices_assignment assignment
        ON assignment.organization_id = %(organization)s AND assignment.device_id = sent.device_id
       AND assignment.starts_at <= sent.measured_at
       AND (assignment.ends_at IS NULL OR assignment.ends_at > sent.measured_at)
), stored AS (
    INSERT INTO readings_glucosereading (organization_id, patient_id, measured_at, device_id, glucose, unit,
                range_flag, quality, trend, rate, confidence, battery_level, sensor_data, is_copy, received_at)
    SELECT DISTINCT ON (patient_id, measured_at, device_id)
           %(organization)s, patient_id, measured_at, device_id, glucose, unit, range_flag, quality, trend, rate,
           confidence, battery_level, sensor_data, false, clock_timestamp()
      FROM placed WHERE patient_id IS NOT NULL
     ORDER BY patient_id, measured_at, device_id, position
    ON CONFLICT (organization_id, patient_id, measured_at, device_id) DO NOTHING
    RETURNING patient_id, measured_at, device_id
)
SELECT placed.position, placed.patient_id, placed.public_number, stored.device_id IS NOT NULL AS is_new,
       placed.measured_at
  FROM placed
  LEFT JOIN stored USING (patient_id, measured_at, device_id)
 ORDER BY placed.position
"""

# A reassignment may have been committed between our look at the assignments and the foreign key's lock on the device;
# from that lock on none can. So the look is repeated here, by a statement that began after it.
_MISPLACED = """
SELECT 1
  FROM unnest(%(device_id)s::bigint[], %(measured_at)s::timestamptz[], %(patient_id)s::bigint[])
       AS row (device_id, measured_at, patient_id)
 WHERE NOT EXISTS (
       SELECT 1 FROM devices_assignment assignment
        WHERE assignment.organization_id = %(organization)s AND assignment.device_id = row.device_id
          AND assignment.patient_id = row.patient_id AND assignment.starts_at <= row.measured_at
          AND (assignment.ends_at IS NULL OR assignment.ends_at > row.measured_at))
 LIMIT 1
"""

# Two stores of one patient refresh one after the other, each by a statement that sees what the other has committed:
# otherwise the later one would judge by an older look, and the rate would miss its reading. In order: no deadlock.
_LOCK_STATE = """
SELECT patient_id, measured_at FROM readings_patientstate
 WHERE organization_id = %(organization)s AND patient_id = ANY(%(patients)s::bigint[])
 ORDER BY patient_id FOR UPDATE
"""

# The newest canonical reading of each patient, with the slope over the 20 minutes before it: least squares over at
# least three readings that span at least 10 minutes, since two readings 30 s apart would give an arrow made of noise.
# Arrows change at 1, 2 and 3 mg/dL/min. The constants ``since`` and ``until`` let the planner open only the partitions
# in between; without them planning costs several times what the rest does. In order of patients: no deadlock.
_REFRESH_STATE = """
INSERT INTO readings_patientstate AS state (organization_id, patient_id, device_id, measured_at, glucose, unit,
            range_flag, quality, trend, rate, confidence, battery_level, sensor_data, received_at)
SELECT %(organization)s, patient.id, newest.device_id, newest.measured_at, newest.glucose, newest.unit,
       newest.range_flag, newest.quality,
       COALESCE(newest.trend, CASE WHEN slope.rate IS NULL THEN 8 WHEN slope.rate > 3 THEN 1 WHEN slope.rate > 2 THEN 2
                     WHEN slope.rate > 1 THEN 3 WHEN slope.rate >= -1 THEN 4 WHEN slope.rate >= -2 THEN 5
                     WHEN slope.rate >= -3 THEN 6 ELSE 7 END),
       COALESCE(newest.rate, slope.rate), newest.confidence, newest.battery_level, newest.sensor_data,
       newest.received_at
  FROM unnest(%(patients)s::bigint[], %(newest_at)s::timestamptz[]) AS patient (id, newest_at)
 CROSS JOIN LATERAL (
       SELECT * FROM readings_glucosereading reading
        WHERE reading.organization_id = %(organization)s AND reading.patient_id = patient.id AND NOT reading.is_copy
          AND reading.measured_at BETWEEN %(since)s AND %(until)s AND reading.measured_at = patient.newest_at
        ORDER BY reading.device_id DESC LIMIT 1) newest
 CROSS JOIN LATERAL (
       SELECT CASE WHEN count(*) >= 3 AND max(reading.measured_at) - min(reading.measured_at) >= interval '10 minutes'
                   THEN round((regr_slope(reading.glucose, extract(epoch FROM reading.measured_at - newest.measured_at))
                               * 60)::numeric, 2)::float8 END AS rate
         FROM readings_glucosereading reading
        WHERE reading.organization_id = %(organization)s AND reading.patient_id = patient.id AND NOT reading.is_copy
          AND reading.range_flag = 0 AND newest.range_flag = 0
          AND reading.measured_at BETWEEN %(since)s AND %(until)s
          AND reading.measured_at > newest.measured_at - interval '20 minutes'
          AND reading.measured_at <= newest.measured_at) slope
 ORDER BY patient.id
ON CONFLICT (organization_id, patient_id) DO UPDATE
   SET device_id = EXCLUDED.device_id, measured_at = EXCLUDED.measured_at, glucose = EXCLUDED.glucose,
       unit = EXCLUDED.unit, range_flag = EXCLUDED.range_flag, quality = EXCLUDED.quality, trend = EXCLUDED.trend,
       rate = EXCLUDED.rate, confidence = EXCLUDED.confidence, battery_level = EXCLUDED.battery_level,
       sensor_data = EXCLUDED.sensor_data, received_at = EXCLUDED.received_at
 WHERE EXCLUDED.measured_at >= state.measured_at
"""

_NOTE_CONTACT = """
UPDATE devices_device device
   SET last_seen_at = now(), battery_level = COALESCE(sent.battery_level, device.battery_level)
  FROM (SELECT DISTINCT ON (device_id) device_id, battery_level
          FROM unnest(%(device_id)s::bigint[], %(measured_at)s::timestamptz[], %(battery_level)s::smallint[])
               AS row (device_id, measured_at, battery_level)
         ORDER BY device_id, measured_at DESC) sent
 WHERE device.organization_id = %(organization)s AND device.id = sent.device_id
   AND (device.last_seen_at IS NULL OR device.last_seen_at < now() - interval '1 minute')
"""

_COLUMNS = (
    "device_id", "measured_at", "glucose", "unit", "range_flag", "quality",
    "trend", "rate", "confidence", "battery_level", "sensor_data",
)  # fmt: skip


SLOPE_WINDOW = timedelta(minutes=20)


class AssignmentChanged(RuntimeError):
    """A device was reassigned while its readings were being stored; storing them again places them rightly."""


def store_rows(rows: Sequence[ReadingRow], *, note_contact: bool = True) -> list[RowResult]:
    """Store ``rows`` in the organization in scope, in one transaction; one result for each, in the order sent.

    A pair of rows for one device and instant: the first is stored, the second is a duplicate. Rows of devices that
    the organization does not have are the caller's fault (KeyError).
    """
    if not rows:
        return []
    for attempt in (1, 2, 3):
        try:
            with transaction.atomic():
                return _store_once(rows, note_contact)
        except AssignmentChanged:
            if attempt == 3:
                raise
    raise AssertionError("unreachable")


def _store_once(rows: Sequence[ReadingRow], note_contact: bool) -> list[RowResult]:
    sent = _columns(rows)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, sent)
        placed = {position - 1: rest for position, *rest in cursor.fetchall()}
        new = [(index, rest[0]) for index, rest in placed.items() if rest[2]]
        if new:
            _finish(cursor, rows, new, sent["organization"])
        if note_contact:
            cursor.execute(_NOTE_CONTACT, sent)
    return _results(rows, placed)


def _finish(cursor: Any, rows: Sequence[ReadingRow], new: list[tuple[int, int]], organization_id: int) -> None:
    stored: dict[str, Any] = {
        "organization": organization_id,
        "device_id": [rows[index].device_id for index, _ in new],
        "measured_at": [cut_to_milliseconds(rows[index].measured_at) for index, _ in new],
        "patient_id": [patient_id for _, patient_id in new],
    }
    cursor.execute(_MISPLACED, stored)
    if cursor.fetchone():
        raise AssignmentChanged
    newest: dict[int, datetime] = {}
    for patient_id, measured_at in zip(stored["patient_id"], stored["measured_at"], strict=True):
        newest[patient_id] = max(measured_at, newest.get(patient_id, measured_at))
    _refresh_states(cursor, newest, organization_id)


def _refresh_states(cursor: Any, newest: dict[int, datetime], organization_id: int) -> None:
    """``newest``: the newest row that was stored now, of each patient."""
    cursor.execute(_LOCK_STATE, {"organization": organization_id, "patients": sorted(newest)})
    for patient_id, known_newest in cursor.fetchall():
        if newest[patient_id] <= known_newest - SLOPE_WINDOW:
            del newest[patient_id]  # too old for the value and for its slope
        else:
            newest[patient_id] = max(newest[patient_id], known_newest)
    if not newest:
        return
    patients = sorted(newest)
    cursor.execute(
        _REFRESH_STATE,
        {
            "organization": organization_id,
            "patients": patients,
            "newest_at": [newest[patient_id] for patient_id in patients],
            "since": min(newest.values()) - SLOPE_WINDOW,
            "until": max(newest.values()),
        },
    )


def _columns(rows: Sequence[ReadingRow]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in _COLUMNS}
    columns["measured_at"] = [cut_to_milliseconds(value) for value in columns["measured_at"]]
    columns["sensor_data"] = [None if value is None else json.dumps(value) for value in columns["sensor_data"]]
    columns["organization"] = required_organization_id()
    return columns


def _results(rows: Sequence[ReadingRow], placed: dict[int, list[Any]]) -> list[RowResult]:
    results: list[RowResult] = []
    seen: set[tuple[int, Any]] = set()
    for index, row in enumerate(rows):
        patient_id, number, is_new, measured_at = placed[index]
        if patient_id is None:
            results.append(RowResult(Outcome.UNASSIGNED, None, None))
            continue
        # Rows of one device and instant share the insert's answer; only the first of them made it.
        first = (row.device_id, measured_at) not in seen
        seen.add((row.device_id, measured_at))
        outcome = Outcome.CREATED if is_new and first else Outcome.DUPLICATE
        results.append(RowResult(outcome, reading_public_id(measured_at, number), patient_id))
    return results
