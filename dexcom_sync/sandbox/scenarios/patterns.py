"""Ten days of glucose that repeat with each sensor: a mean-reverting walk, meals, and what tests look for.

The special days: a backfilled gap (day 5), lost signal (day 8), a low below 40 (day 3), a high above 400 (day 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dexcom_sync.sandbox.scenarios.specs import DAY, HOUR, STEP
from dexcom_sync.sandbox.series import NO_RATE

SENSOR_DAYS = 10
PLACES = SENSOR_DAYS * DAY // STEP
PLACES_A_DAY = DAY // STEP
MEALS = ((7.5, 55), (12.7, 65), (19.0, 75))
LOW_AT, HIGH_AT = 3 * PLACES_A_DAY + 40, 6 * PLACES_A_DAY + 170
BACKFILLED = range(5 * PLACES_A_DAY + 110, 5 * PLACES_A_DAY + 158)
LOST = range(8 * PLACES_A_DAY + 24, 8 * PLACES_A_DAY + 42)
MEAN, REVERSION, STEP_DEVIATION = 135.0, 0.985, 3.2

Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One entry for each five minutes of a sensor. ``jitter`` and ``lags`` (from reading to upload) are seconds."""

    values: NDArray[np.int16]
    rates: NDArray[np.int8]
    jitter: NDArray[np.int64]
    lags: NDArray[np.int64]


@lru_cache(maxsize=64)
def pattern(chance: int, utc_offset: int) -> Pattern:
    """``utc_offset`` (s) puts the meals where the day of the user has them."""
    random = np.random.default_rng(chance)
    levels = _walk(random) + _meals(random, utc_offset)
    _bend(levels, LOW_AT, 33, 9)
    _bend(levels, HIGH_AT, 418, 14)
    rates = np.zeros(PLACES)
    rates[3:] = (levels[3:] - levels[:-3]) / 15
    tenths = np.clip(np.rint(rates * 10), -80, 80).astype(np.int8)
    tenths[[0, 1, 2, LOST.stop]] = NO_RATE
    return Pattern(
        values=np.clip(np.rint(levels), 39, 401).astype(np.int16),
        rates=tenths,
        jitter=random.integers(-2, 3, PLACES),
        lags=random.integers(4, 40, PLACES),
    )


def _walk(random: np.random.Generator) -> Levels:
    level, steps = MEAN, []
    for change in random.normal(0, STEP_DEVIATION, PLACES).tolist():
        level = MEAN + (level - MEAN) * REVERSION + change
        steps.append(level)
    levels: Levels = np.array(steps).clip(62, 300)
    return levels


def _meals(random: np.random.Generator, utc_offset: int) -> Levels:
    hours = np.arange(PLACES) * STEP / HOUR
    rise = np.zeros(PLACES)
    for day in range(-1, SENSOR_DAYS + 1):
        for hour, height in MEALS:
            at = day * 24 + hour - utc_offset / HOUR + random.normal(0, 0.4)
            since = np.maximum(hours - at, 0) / 0.9
            rise += height * random.lognormal(0, 0.3) * since * np.exp(1 - since)
    return rise


def _bend(levels: Levels, at: int, target: float, width: int) -> None:
    """Pull the curve to ``target`` at one place, gently before and after."""
    distance = (np.arange(PLACES) - at) / width
    levels += (target - levels[at]) * np.exp(-(distance**2))
