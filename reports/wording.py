"""How values, trends and ages are worded on the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from readings.models import PatientState, RangeFlag, Trend
from readings.units import format_glucose
from reports.charts.ranges import Range, Target
from tenancy.wording import age_words

STALE_AFTER = timedelta(minutes=15)

_ARROWS = {
    Trend.DOUBLE_UP: ("⇈", "rising very fast"),
    Trend.SINGLE_UP: ("↑", "rising fast"),
    Trend.FORTY_FIVE_UP: ("↗", "rising"),
    Trend.FLAT: ("→", "steady"),
    Trend.FORTY_FIVE_DOWN: ("↘", "falling"),
    Trend.SINGLE_DOWN: ("↓", "falling fast"),
    Trend.DOUBLE_DOWN: ("⇊", "falling very fast"),
}


@dataclass(frozen=True, slots=True)
class LastValue:
    """A newest reading as it is told: ``value`` is a number of the clinic's unit, or Low, or High."""

    value: str
    unit: str
    range: Range
    arrow: str
    trend: str
    age: str
    stale: bool
    measured_at: datetime


def last_value(state: PatientState, *, unit: str, target: Target, now: datetime) -> LastValue:
    stale = is_stale(state.measured_at, now)
    # An arrow says what happens now; beside an old value it would mislead.
    arrow, trend = ("", "") if stale else _ARROWS.get(Trend(state.trend), ("", ""))
    return LastValue(
        value=value_words(state.glucose, state.range_flag, unit),
        unit="" if state.range_flag else unit,
        range=target.classify(state.glucose, state.range_flag),
        arrow=arrow,
        trend=trend,
        age=age_words(now - state.measured_at),
        stale=stale,
        measured_at=state.measured_at,
    )


def value_words(glucose: int, flag: int, unit: str) -> str:
    if flag:
        return "Low" if flag == RangeFlag.LOW else "High"
    return format_glucose(glucose, unit)


def is_stale(measured_at: datetime, now: datetime) -> bool:
    return now - measured_at > STALE_AFTER
