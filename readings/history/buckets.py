"""A patient's history by minutes, hours or days: the smallest, largest and mean value of each and how many there were.

Hours and days are read from the day summaries where those know all readings, and from the readings themselves where
not: for days that wait for their summary, or that the window cuts.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from readings.history.days import ONE_DAY, LocalDay, day_of, days_until, joined
from readings.history.raw import window_parameters
from readings.history.summarised import Summarised, summarised_steps
from readings.store.steps import PatientKey, Steps

# No sensor measured before, and no clock runs so far ahead: bounds within which local days can be reckoned with.
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
# Days that are looked at in one step.
_LONGEST_SPAN = 1000

_NEWEST = """
SELECT measured_at
  FROM readings_glucosereading
 WHERE organization_id = %(organization_id)s AND patient_id = %(patient_id)s AND NOT is_copy
   AND measured_at >= %(since)s AND measured_at < %(until)s
 ORDER BY measured_at DESC LIMIT 1
"""

# OFFSET 0 keeps each range an index scan of its own: the planner may otherwise compare every reading with every range.
# The comparisons with ``since`` and ``until`` beside are constants, which tell it the months.
_BUCKETS = """
SELECT date_bin(%(width)s::interval, reading.measured_at, reading.day) AS starts_at,
       min(reading.glucose) FILTER (WHERE reading.range_flag = 0),
       max(reading.glucose) FILTER (WHERE reading.range_flag = 0),
       sum(reading.glucose), count(*),
       count(*) FILTER (WHERE reading.range_flag = -1), count(*) FILTER (WHERE reading.range_flag = 1)
  FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS range (starts_at, ends_at)
 CROSS JOIN LATERAL (
       SELECT measured_at, glucose, range_flag,
              (%(days)s::timestamptz[])[width_bucket(measured_at, %(days)s::timestamptz[])] AS day
         FROM readings_glucosereading
        WHERE organization_id = %(organization_id)s AND patient_id = %(patient_id)s AND NOT is_copy
          AND measured_at >= range.starts_at AND measured_at < range.ends_at
          AND measured_at >= %(since)s AND measured_at < %(until)s
       OFFSET 0) reading
 GROUP BY 1 ORDER BY 1 DESC LIMIT %(limit)s
"""


class Resolution(enum.Enum):
    """Minutes and hours are counted from local midnight as they elapse; a day is the local day.

    So an hour has 60 minutes also where the clock changes, save the last one of a day that changes it by 30 minutes.
    """

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    QUARTER = "15m"
    HOUR = "1h"
    DAY = "1d"

    @property
    def width(self) -> timedelta:
        return _WIDTHS[self]

    @property
    def is_summarised(self) -> bool:
        return self in (Resolution.HOUR, Resolution.DAY)


_WIDTHS = {
    Resolution.MINUTE: timedelta(minutes=1),
    Resolution.FIVE_MINUTES: timedelta(minutes=5),
    Resolution.QUARTER: timedelta(minutes=15),
    Resolution.HOUR: timedelta(hours=1),
    # Longer than any day: all of it is one bucket.
    Resolution.DAY: timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """``starts_at`` in UTC, the bucket's own start also where the window cuts it. mg/dL.

    A value beyond the sensor's range counts in ``count`` and in ``mean`` with its bound, is told by ``below`` or
    ``above``, and is never ``minimum`` or ``maximum``. All three values are None where nothing could be measured.
    """

    starts_at: datetime
    minimum: int | None
    maximum: int | None
    mean: float | None
    count: int
    below: int
    above: int

    @classmethod
    def of(
        cls,
        starts_at: datetime,
        lowest: int | None,
        highest: int | None,
        total: int,
        count: int,
        below: int,
        above: int,
    ) -> Bucket:
        return cls(
            starts_at, lowest, highest, mean_of(total, count) if count > below + above else None, count, below, above
        )


def mean_of(total: int, count: int) -> float:
    """To one decimal, halves up: in whole numbers, so that the same readings always have the same mean."""
    return (20 * int(total) + count) // (2 * count) / 10


@dataclass(frozen=True, slots=True)
class _History:
    patient: PatientKey
    timezone: str
    resolution: Resolution
    since: datetime
    until: datetime

    def is_whole(self, day: LocalDay) -> bool:
        return self.since <= day.starts_at and day.ends_at <= self.until


def bucket_page_steps(
    patient: PatientKey,
    *,
    timezone: str,
    resolution: Resolution,
    since: datetime | None,
    until: datetime | None,
    before: datetime | None = None,
    limit: int,
) -> Steps[list[Bucket]]:
    """Buckets with canonical readings from ``since`` on, before ``until``; newest first, empty ones left out.

    ``timezone``: the patient's. ``before``: where the last bucket of the page before begins.
    """
    since, until = max(since or _EARLIEST, _EARLIEST), min(until or _LATEST, _LATEST)
    history = _History(patient, timezone, resolution, since, until)
    zone, found = ZoneInfo(timezone), list[Bucket]()
    span = 1 + limit * min(resolution.width, ONE_DAY) // ONE_DAY
    begin = min(until, before or until)
    while len(found) < limit:
        newest = yield _NEWEST, window_parameters(patient, since, begin)
        if not newest:
            break
        days = days_until(day_of(newest[0][0].astimezone(UTC), zone), span, zone)
        found += yield from _buckets_of_days(history, days, begin, limit)
        # Where readings lie far apart, the next look reaches further back.
        begin, span = days[0].starts_at, min(2 * span, _LONGEST_SPAN)
    return found[:limit]


def _buckets_of_days(history: _History, days: Sequence[LocalDay], before: datetime, limit: int) -> Steps[list[Bucket]]:
    """``before`` is where a bucket begins, or the end of the window."""
    known = Summarised()
    if history.resolution.is_summarised:
        whole = [day for day in days if history.is_whole(day)]
        hourly = history.resolution is Resolution.HOUR
        known = yield from summarised_steps(history.patient, whole, timezone=history.timezone, hourly=hourly)
    found = [Bucket.of(*row) for row in known.buckets if row[0] < before]
    if others := [day for day in days if day.day not in known.days]:
        found += yield from _raw_buckets(history, others, before, limit)
    return sorted(found, key=lambda bucket: bucket.starts_at, reverse=True)


def _raw_buckets(history: _History, days: Sequence[LocalDay], before: datetime, limit: int) -> Steps[list[Bucket]]:
    ranges = joined(days)
    rows = yield (
        _BUCKETS,
        {
            **window_parameters(history.patient, max(history.since, days[0].starts_at), min(before, days[-1].ends_at)),
            "days": [day.starts_at for day in days],
            "starts": [starts_at for starts_at, _ in ranges],
            "ends": [ends_at for _, ends_at in ranges],
            "width": history.resolution.width,
            "limit": limit,
        },
    )
    return [Bucket.of(starts_at.astimezone(UTC), *rest) for starts_at, *rest in rows]
