"""Days, weeks, months and years of a patient's calendar, with the instants between which they lie."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from readings.history.days import ONE_DAY, start_of_day


class Grain(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Period(NamedTuple):
    """``begins_on``: the first day of the whole day, week (Monday), month or year, also where only a part is asked."""

    begins_on: date
    starts_at: datetime
    ends_at: datetime


def begin_of(day: date, grain: Grain) -> date:
    if grain is Grain.WEEK:
        return day - timedelta(days=day.weekday())
    if grain is Grain.MONTH:
        return day.replace(day=1)
    return day.replace(month=1, day=1) if grain is Grain.YEAR else day


def begin_of_next(begin: date, grain: Grain) -> date:
    if grain is Grain.WEEK:
        return begin + 7 * ONE_DAY
    if grain is Grain.MONTH:
        return (begin + 31 * ONE_DAY).replace(day=1)
    return begin.replace(year=begin.year + 1) if grain is Grain.YEAR else begin + ONE_DAY


def count_between(first: date, last: date, grain: Grain) -> int:
    """How many periods ``periods_between`` gives, at most."""
    if grain is Grain.DAY:
        return (last - first).days + 1
    if grain is Grain.WEEK:
        return (begin_of(last, grain) - begin_of(first, grain)).days // 7 + 1
    years = last.year - first.year
    return years + 1 if grain is Grain.YEAR else 12 * years + last.month - first.month + 1


def periods_between(first: date, last: date, grain: Grain, zone: ZoneInfo) -> list[Period]:
    """Both days belong to it. Those that follow each other share a bound; days that a zone jumped over are left out."""
    periods, begin = [], begin_of(first, grain)
    while begin <= last:
        following = begin_of_next(begin, grain)
        starts_at, ends_at = start_of_day(max(begin, first), zone), start_of_day(min(following, last + ONE_DAY), zone)
        if starts_at < ends_at:
            periods.append(Period(begin, starts_at, ends_at))
        begin = following
    return periods
