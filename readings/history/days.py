"""Days as a patient's clock on the wall has them: 23 to 25 hours where clocks change, shorter and longer ones too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


class LocalDay(NamedTuple):
    """From ``starts_at`` on, before ``ends_at``, both in UTC."""

    day: date
    starts_at: datetime
    ends_at: datetime


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first midnight of two, and the first instant of the day where midnight itself was skipped.

    PostgreSQL's AT TIME ZONE takes the second of two: the hour between them would belong to no day.
    """
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """The day within whose bounds ``instant`` lies, also where a clock that was set back showed yesterday again."""
    day = instant.astimezone(zone).date()
    while start_of_day(day + ONE_DAY, zone) <= instant:
        day += ONE_DAY
    return day


def days_until(last: date, count: int, zone: ZoneInfo) -> list[LocalDay]:
    """``count`` days that follow each other, ``last`` included; without days that a zone jumped over."""
    dates = [last - back * ONE_DAY for back in range(count - 1, -1, -1)]
    starts = [start_of_day(day, zone) for day in (*dates, last + ONE_DAY)]
    bounds = zip(dates, starts, starts[1:], strict=False)
    return [LocalDay(day, starts_at, ends_at) for day, starts_at, ends_at in bounds if starts_at < ends_at]


def joined(days: Iterable[LocalDay]) -> list[tuple[datetime, datetime]]:
    """From where to where the days reach, those that follow each other as one."""
    ranges: list[tuple[datetime, datetime]] = []
    for _, starts_at, ends_at in days:
        if ranges and ranges[-1][1] == starts_at:
            ranges[-1] = (ranges[-1][0], ends_at)
        else:
            ranges.append((starts_at, ends_at))
    return ranges
