"""Hours of many patients, kind by kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from patients.models import Patient
from tenancy.scope import required_organization_id
from vitals.catalogue import Metric

# As the hours of glucose: told by where an hour of the patient's clock begins, so that the one which comes twice in
# autumn is two. OFFSET 0 keeps each patient an index scan of its own.
_HOURS = """
SELECT patient.id, measured.hour, count(*), avg(measured.value), min(measured.value), max(measured.value)
  FROM unnest(%(patient_ids)s::bigint[], %(timezones)s::text[]) AS patient (id, timezone)
 CROSS JOIN LATERAL (
       SELECT value,
              measured_at - (extract(epoch FROM measured_at AT TIME ZONE patient.timezone)::numeric %% 3600)
                            * interval '1 second' AS hour
         FROM vitals_measurement
        WHERE organization_id = %(organization_id)s AND patient_id = patient.id AND metric = %(metric)s
          AND measured_at >= %(since)s AND measured_at < %(until)s
       OFFSET 0) measured
 GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Hour:
    """In the canonical unit; of a pair the first value."""

    begins_at: datetime
    count: int
    avg: float
    min: float
    max: float


def vital_hours_of(
    patients: Sequence[Patient], metric: Metric, since: datetime, until: datetime
) -> dict[int, list[Hour]]:
    """By the id of the patient, ascending; hours without measurements are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            _HOURS,
            {
                "organization_id": required_organization_id(),
                "patient_ids": [patient.pk for patient in patients],
                "timezones": [patient.timezone for patient in patients],
                "metric": metric.value,
                "since": since,
                "until": until,
            },
        )
        hours: dict[int, list[Hour]] = {}
        for patient_id, *row in cursor.fetchall():
            hours.setdefault(patient_id, []).append(Hour(*row))
    return hours
