"""Which way a measure goes: against the period before, and along a straight line through its points."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

# A mean that moved by no more than this share of the former one has not moved.
BAND_PERCENT = 5.0


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    NEUTRAL = "neutral"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Change:
    """``percent``: of the former mean; None where there is none or it is 0."""

    direction: Direction
    percent: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """``value = intercept + slope * days``, days counted from the first point. ``r_squared``: 0 to 1, the share of the
    variance that the line explains; None where all values are equal. ``confidence``: min(r² n / 10, 1), or 0.
    """

    slope_per_day: float
    intercept: float
    r_squared: float | None
    confidence: float
    count: int


def change(mean: float | None, former_mean: float | None) -> Change:
    """The means of a period and of the one before it; None where it has no values.

    Up above +5 % and down below -5 %; from 0 to anything else the direction is known, its size is not.
    """
    if mean is None or former_mean is None:
        return Change(Direction.NO_DATA, None)
    if former_mean == 0:
        return Change(_direction(mean, limit=0), None)
    percent = 100 * (mean - former_mean) / abs(former_mean)
    return Change(_direction(percent, limit=BAND_PERCENT), percent)


def _direction(value: float, *, limit: float) -> Direction:
    if value > limit:
        return Direction.UP
    return Direction.DOWN if value < -limit else Direction.NEUTRAL


def line(days: NDArray[np.float64], values: NDArray[np.float64]) -> Line | None:
    """By least squares. ``days``: instants in days, in any order. None for fewer than two different instants."""
    count = len(values)
    if count < 2:
        return None
    since_first = days - days.min()
    spread = since_first - since_first.mean()
    along = float(spread @ spread)
    if along == 0:
        return None
    deviation = values - values.mean()
    slope = float(spread @ deviation) / along
    total = float(deviation @ deviation)
    # Rounding may leave a trace of spread in values that are equal.
    r_squared = min(slope * slope * along / total, 1.0) if total > 1e-18 * float(values @ values) else None
    confidence = min((r_squared or 0.0) * count / 10, 1.0)
    return Line(slope, float(values.mean() - slope * since_first.mean()), r_squared, confidence, count)
