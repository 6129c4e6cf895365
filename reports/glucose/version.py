"""What a kept result was computed from: another answer here, and it is not used any more."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from patients.models import Patient
from readings.history.days import ONE_DAY
from reports.glucose.windows import Window
from tenancy.scope import required_organization_id

# Whatever happens to a reading marks its day in the same transaction, and every summary is dated. So the summaries
# stand for the readings of days that are not marked; those of marked days (mostly today alone) are looked at
# themselves, each with all that a metric reads of it. One day more on both sides: where midnight comes twice,
# PostgreSQL's day begins with the later one. OFFSET 0 keeps each day an index scan of its own.
# A record's hash is a weighted sum of its columns': without another one around it, two values that change places would
# leave the sum as it was.
_VERSION = """
SELECT concat_ws('/', known.days, known.readings, known.summarised, fresh.days, fresh.readings, fresh.fingerprint)
  FROM (SELECT count(*) AS days, sum(summary.count) AS readings,
               sum(extract(epoch FROM summary.summarised_at)) AS summarised
          FROM readings_daysummary summary
         WHERE summary.organization_id = %(organization_id)s AND summary.patient_id = %(patient_id)s
           AND summary.day BETWEEN %(first)s AND %(last)s) known
 CROSS JOIN (
       SELECT count(DISTINCT dirty.day) AS days, count(*) AS readings, sum(found.hash) AS fingerprint
         FROM readings_dirtyday dirty
        CROSS JOIN LATERAL (
              SELECT hashint8extended(
                         hash_record_extended(ROW(measured_at, device_id, glucose, unit, range_flag), 0), 0) AS hash
                FROM readings_glucosereading reading
               WHERE reading.organization_id = %(organization_id)s AND reading.patient_id = %(patient_id)s
                 AND NOT reading.is_copy
                 AND reading.measured_at >= dirty.day::timestamp AT TIME ZONE %(timezone)s
                 AND reading.measured_at < (dirty.day + 1)::timestamp AT TIME ZONE %(timezone)s
                 AND reading.measured_at BETWEEN %(since)s AND %(until)s
              OFFSET 0) found
        WHERE dirty.organization_id = %(organization_id)s AND dirty.patient_id = %(patient_id)s
          AND dirty.day BETWEEN %(first)s AND %(last)s) fresh
"""


def data_version(patient: Patient, window: Window) -> str:
    """Changes with every reading of the window that is new, amended or removed, and with every new summary of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            _VERSION,
            {
                "organization_id": required_organization_id(),
                "patient_id": patient.pk,
                "timezone": patient.timezone,
                "first": window.first - ONE_DAY,
                "last": window.last + ONE_DAY,
                "since": window.since - timedelta(days=3),
                "until": window.until + timedelta(days=3),
            },
        )
        (version,) = cursor.fetchone()
    return str(version)
