"""What the measurements of a patient come to in each day, week, month or year."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from patients.models import Patient
from readings.history.days import day_of
from tenancy.scope import required_organization_id
from vitals.analysis.periods import Period
from vitals.catalogue import Metric
from vitals.models import Measurement

# By bounds and not by date_trunc: of an hour that a clock shows twice, AT TIME ZONE would give the second to no day
# where that hour is midnight's.
_AGGREGATES = """
SELECT metric, width_bucket(measured_at, %(starts)s::timestamptz[]), count(*), count(second_value),
       min(value), max(value), avg(value), percentile_cont(0.5) WITHIN GROUP (ORDER BY value), sum(value),
       min(second_value), max(second_value), avg(second_value),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY second_value), sum(second_value)
  FROM vitals_measurement
 WHERE organization_id = %(organization_id)s AND patient_id = %(patient_id)s AND metric = ANY(%(metrics)s)
   AND measured_at >= %(since)s AND measured_at < %(until)s
 GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """In the canonical unit. The median of an even number is the mean of the middle two."""

    count: int
    min: float
    max: float
    avg: float
    median: float
    sum: float


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``second``: of a pair's second value."""

    begins_on: date
    figures: Figures
    second: Figures | None


def first_day(patient: Patient, metric: Metric) -> date | None:
    """Of the oldest measurement; None where there is none."""
    oldest = Measurement.objects.for_patient(patient).of_metrics([metric]).order_by("measured_at").first()
    return None if oldest is None else day_of(oldest.measured_at, patient.zone)


def last_day(patient: Patient, metric: Metric) -> date | None:
    newest = Measurement.objects.for_patient(patient).of_metrics([metric]).order_by("-measured_at").first()
    return None if newest is None else day_of(newest.measured_at, patient.zone)


def aggregates_of(
    patient: Patient, metrics: Collection[Metric], periods: Sequence[Period]
) -> dict[Metric, list[Aggregate]]:
    """Of each of ``metrics``, in their order; periods without measurements are left out.

    ``periods``: ascending, each beginning where the one before ends.
    """
    found: dict[Metric, list[Aggregate]] = {metric: [] for metric in metrics}
    if not periods:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            _AGGREGATES,
            {
                "organization_id": required_organization_id(),
                "patient_id": patient.pk,
                "metrics": [metric.value for metric in metrics],
                "starts": [period.starts_at for period in periods],
                "since": periods[0].starts_at,
                "until": periods[-1].ends_at,
            },
        )
        for metric, place, *row in cursor.fetchall():
            found[Metric(metric)].append(_aggregate(periods[place - 1], *row))
    return found


def _aggregate(period: Period, count: int, pairs: int, *figures: Any) -> Aggregate:
    of_first, of_second = figures[:5], figures[5:]
    return Aggregate(period.begins_on, Figures(count, *of_first), Figures(pairs, *of_second) if pairs else None)
