"""Hours and days as the day summaries have them, of those days whose summary knows all readings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from readings.history.days import LocalDay
from readings.store.steps import PatientKey, Steps

_ONE_HOUR = timedelta(hours=1)

# A summary is passed over while its day is marked, and where its bounds are not the day's: the patient has another
# time zone now, or the zone's rules have changed.
_SUMMARIES = """
SELECT summary.day, summary.starts_at, summary.minimum, summary.maximum, summary.total, summary.count,
       summary.below_sensor_range, summary.above_sensor_range {hours}
  FROM readings_daysummary summary
  JOIN unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS local (day, starts_at, ends_at)
    ON local.day = summary.day AND local.starts_at = summary.starts_at AND local.ends_at = summary.ends_at
 WHERE summary.organization_id = %(organization_id)s AND summary.patient_id = %(patient_id)s
   AND summary.timezone = %(timezone)s AND summary.day BETWEEN %(first)s AND %(last)s
   AND NOT EXISTS (
       SELECT 1 FROM readings_dirtyday dirty
        WHERE dirty.organization_id = %(organization_id)s AND dirty.patient_id = %(patient_id)s
          AND dirty.day = summary.day)
"""
_DAYS = _SUMMARIES.format(hours="")
_HOURS = _SUMMARIES.format(hours=", summary.hour_minima, summary.hour_maxima, summary.hour_totals, summary.hour_counts")

# Start, smallest, largest, sum, count, below and above the sensor's range.
BucketRow = tuple[datetime, int | None, int | None, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Summarised:
    """``days``: those that ``buckets`` say everything of; the others have to be read from the readings."""

    days: set[date] = field(default_factory=set)
    buckets: list[BucketRow] = field(default_factory=list)


def summarised_steps(
    patient: PatientKey, days: Sequence[LocalDay], *, timezone: str, hourly: bool
) -> Steps[Summarised]:
    """Whole ``days`` as days, or by the hour. A day without a summary is never taken to be without readings."""
    known = Summarised()
    if not days:
        return known
    rows = yield _HOURS if hourly else _DAYS, _parameters(patient, days, timezone)
    for day, starts_at, minimum, maximum, total, count, below, above, *hours in rows:
        start = starts_at.astimezone(UTC)
        if not hourly:
            known.buckets.append((start, minimum, maximum, total, count, below, above))
        elif below or above:
            # The summary does not say in which hours they were.
            continue
        else:
            known.buckets.extend(_hours(start, *hours))
        known.days.add(day)
    return known


def _hours(start: datetime, minima: Any, maxima: Any, totals: Any, counts: Any) -> Iterator[BucketRow]:
    for number, count in enumerate(counts):
        if count:
            yield start + number * _ONE_HOUR, minima[number], maxima[number], totals[number], count, 0, 0


def _parameters(patient: PatientKey, days: Sequence[LocalDay], timezone: str) -> dict[str, Any]:
    organization_id, patient_id = patient
    return {
        "organization_id": organization_id,
        "patient_id": patient_id,
        "timezone": timezone,
        "days": [day.day for day in days],
        "starts": [day.starts_at for day in days],
        "ends": [day.ends_at for day in days],
        "first": days[0].day,
        "last": days[-1].day,
    }
