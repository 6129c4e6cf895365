"""Hours of many patients, as they were measured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from patients.models import Patient
from reports.glucose.documents import spoken
from reports.glucose.numbers import In
from tenancy.scope import required_organization_id

# An hour of the patient's clock, told by where it begins; it is not cut by midnight but by the clock's own minutes, so
# that the hour which comes twice in autumn is two. OFFSET 0 keeps each patient an index scan of its own.
_HOURS = """
SELECT patient.id, reading.hour, count(*), avg(reading.glucose)::float8,
       min(reading.glucose) FILTER (WHERE reading.range_flag = 0),
       max(reading.glucose) FILTER (WHERE reading.range_flag = 0)
  FROM unnest(%(patient_ids)s::bigint[], %(timezones)s::text[]) AS patient (id, timezone)
 CROSS JOIN LATERAL (
       SELECT glucose, range_flag,
              measured_at - (extract(epoch FROM measured_at AT TIME ZONE patient.timezone)::numeric %% 3600)
                            * interval '1 second' AS hour
         FROM readings_glucosereading
        WHERE organization_id = %(organization_id)s AND patient_id = patient.id AND NOT is_copy
          AND measured_at >= %(since)s AND measured_at < %(until)s
       OFFSET 0) reading
 GROUP BY 1, 2 ORDER BY 1, 2
"""


def hours_of(patients: Sequence[Patient], since: datetime, until: datetime, unit: str) -> list[dict[str, Any]]:
    """Of each patient in the order given, ascending; hours without readings are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            _HOURS,
            {
                "organization_id": required_organization_id(),
                "patient_ids": [patient.pk for patient in patients],
                "timezones": [patient.timezone for patient in patients],
                "since": since,
                "until": until,
            },
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    by_patient: dict[int, list[tuple[Any, ...]]] = {}
    for patient_id, *row in rows:
        by_patient.setdefault(patient_id, []).append(tuple(row))
    told = In(unit)
    return [_item(patient, told, *row) for patient in patients for row in by_patient.get(patient.pk, ())]


def _item(
    patient: Patient, told: In, hour: datetime, count: int, mean: float, lowest: int | None, highest: int | None
) -> dict[str, Any]:
    """Where nothing could be measured there is no mean either: it would be one of bounds."""
    return {
        "hour": spoken(hour),
        "patient": patient.code,
        "n": count,
        "avg": None if lowest is None else told.glucose(mean),
        "min": told.glucose(lowest),
        "max": told.glucose(highest),
    }
