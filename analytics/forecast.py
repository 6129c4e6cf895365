"""Where glucose is heading. All functions give None where the readings do not allow a forecast."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

# 15 to 20 minutes: a reading that comes two minutes late still counts.
WINDOW = timedelta(minutes=17, seconds=30)
# Three readings within two minutes say more about the sensor's noise than about the trend.
SHORTEST_SPAN = timedelta(minutes=9)
LONGEST_GAP = timedelta(minutes=15)
OLDEST_NEWEST = timedelta(minutes=10)
FEWEST = 3

LOWEST, HIGHEST = 36.0, 400.0

STEP_MINUTES = 5.0
AR2_OLDER, AR2_NEWER = -0.723, 1.716
AR2_MIDDLE = 140.0


class Measured(Protocol):
    """A value in mg/dL and when it was measured."""

    @property
    def measured_at(self) -> datetime: ...
    @property
    def glucose(self) -> float: ...


def slope(readings: Sequence[Measured], at: datetime) -> float | None:
    """mg/dL per minute, by least squares over the last 15 to 20 minutes of ascending ``readings``.

    Needs three readings over nine minutes without a gap of more than 15, the newest at most 10 minutes old at ``at``.
    Source: the practice of predictive low glucose suspension; limits as in Dexcom's "urgent low soon" (G7 manual).
    """
    recent = _recent(readings, at)
    if recent is None:
        return None
    return least_squares(recent)


def least_squares(readings: Sequence[Measured]) -> float:
    """mg/dL per minute of the straight line through two readings or more, of different instants."""
    newest = readings[-1].measured_at
    minutes = [(reading.measured_at - newest).total_seconds() / 60 for reading in readings]
    middle = math.fsum(minutes) / len(minutes)
    level = math.fsum(reading.glucose for reading in readings) / len(readings)
    along = math.fsum(
        (minute - middle) * (reading.glucose - level) for minute, reading in zip(minutes, readings, strict=True)
    )
    return along / math.fsum((minute - middle) ** 2 for minute in minutes)


def linear(readings: Sequence[Measured], at: datetime, minutes: float) -> float | None:
    """mg/dL ``minutes`` after the newest reading, along ``slope``; between 36 and 400."""
    change = slope(readings, at)
    return None if change is None else along_slope(readings[-1].glucose, change, minutes)


def along_slope(glucose: float, change: float, minutes: float) -> float:
    """mg/dL after ``minutes`` of ``change`` mg/dL per minute; between 36 and 400."""
    return _clamped(glucose + change * minutes)


def ar2(readings: Sequence[Measured], at: datetime, minutes: float) -> float | None:
    """mg/dL in the five-minute step that reaches ``minutes`` after the newest reading; see ``ar2_steps``."""
    steps = ar2_steps(readings, at, minutes)
    return None if steps is None else steps[-1]


def ar2_steps(readings: Sequence[Measured], at: datetime, minutes: float) -> list[float] | None:
    """mg/dL after 5, 10, … minutes, by autoregression of second order on ln(glucose / 140).

    Each step is -0.723 times the value before the last plus 1.716 times the last, from the two newest values five
    minutes apart; between 36 and 400. Source: the AR2 forecast as Nightscout's documentation describes it.
    """
    pair = _five_minutes_apart(readings, at)
    if pair is None:
        return None
    older, newer = (math.log(value / AR2_MIDDLE) for value in pair)
    steps = []
    for _ in range(max(1, math.ceil(minutes / STEP_MINUTES))):
        older, newer = newer, AR2_OLDER * older + AR2_NEWER * newer
        steps.append(_clamped(AR2_MIDDLE * math.exp(newer)))
    return steps


def _recent(readings: Sequence[Measured], at: datetime) -> Sequence[Measured] | None:
    if len(readings) < FEWEST or at - readings[-1].measured_at > OLDEST_NEWEST:
        return None
    since = readings[-1].measured_at - WINDOW
    first = len(readings) - 1
    while first > 0 and readings[first - 1].measured_at >= since:
        first -= 1
    recent = readings[first:]
    if len(recent) < FEWEST or recent[-1].measured_at - recent[0].measured_at < SHORTEST_SPAN:
        return None
    times = [reading.measured_at for reading in recent]
    if any(later - earlier > LONGEST_GAP for earlier, later in itertools.pairwise(times)):
        return None
    return recent


def _five_minutes_apart(readings: Sequence[Measured], at: datetime) -> tuple[float, float] | None:
    """The newest value and that of five minutes before, on the line to the reading nearest to that instant."""
    if not readings or at - readings[-1].measured_at > OLDEST_NEWEST:
        return None
    newest = readings[-1]
    ages = [((newest.measured_at - reading.measured_at).total_seconds() / 60, reading) for reading in readings[:-1]]
    near = [(age, reading) for age, reading in ages if STEP_MINUTES / 2 <= age <= STEP_MINUTES * 1.5]
    if not near:
        return None
    age, reading = min(near, key=lambda pair: abs(pair[0] - STEP_MINUTES))
    before = newest.glucose + (reading.glucose - newest.glucose) * STEP_MINUTES / age
    return max(before, 1.0), newest.glucose


def _clamped(glucose: float) -> float:
    return min(max(glucose, LOWEST), HIGHEST)
