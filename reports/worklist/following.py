"""A patient's last 28 day summaries as one row of the size of a line of text.

Read one by one, the summaries of ten thousand patients are 280,000 wide rows. The summariser writes this row in the
transaction that writes the summaries, so it is never behind them; where a day has passed since, the reader moves it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from reports.worklist.columns import COLUMNS, DAYS, MOST
from tenancy.scope import required_organization_id

_PACKED = " || ".join(f"int2send(LEAST(COALESCE(summary.{name}, 0), {MOST})::smallint)" for name in COLUMNS)

# Days are the patient's own; a day ahead of the patient's clock comes in when it is there.
REFRESH = f"""
INSERT INTO reports_recentdays (organization_id, patient_id, last_day, counts)
SELECT patient.organization_id, patient.id, today.day, string_agg({_PACKED}, ''::bytea ORDER BY ago DESC)
  FROM patients_patient patient
 CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE patient.timezone)::date AS day) today
 CROSS JOIN generate_series(0, {DAYS - 1}) AS ago
  LEFT JOIN readings_daysummary summary
    ON summary.organization_id = patient.organization_id AND summary.patient_id = patient.id
   AND summary.day = today.day - ago
 WHERE patient.organization_id = %(organization_id)s AND patient.id = ANY(%(patients)s)
 GROUP BY patient.organization_id, patient.id, today.day
ON CONFLICT (organization_id, patient_id) DO UPDATE SET last_day = EXCLUDED.last_day, counts = EXCLUDED.counts
"""  # noqa: S608  columns of ours


def follow_summaries(patient_id: int, days: Collection[date]) -> None:
    # A history that is imported has thousands of days that no worklist looks at.
    if max(days) >= timezone.now().date() - timedelta(days=DAYS + 1):
        refresh([patient_id])


def refresh(patients: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REFRESH, {"organization_id": required_organization_id(), "patients": list(patients)})
