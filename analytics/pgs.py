"""Personal glycemic state: one number of variability, mean, time in range and lows."""

from __future__ import annotations

import math

import numpy as np

from analytics.episodes import Spans, closed, lasting, without
from analytics.grid import Grid, grid_of
from analytics.ranges import STANDARD
from analytics.trace import Limit, Trace

# Its own: the lows of other figures begin and end with 15 minutes.
LASTS, BACK = 20, 30
WEEK_DAYS = 7


def pgs(trace: Trace, gvp: float | None) -> float | None:
    """The higher, the worse; about 5 at best. Sum of four curves: of GVP, of the mean, of the time in range, and of
    the lows of level 2 and of level 1 only in a week.

    Source: Hirsch 2017, doi:10.1089/dia.2017.0080; constants as in R iglu 4.3.0.
    """
    grid = grid_of(trace)
    if gvp is None or not grid.covered_days:
        return None
    mean = float(trace.glucose.mean())
    in_range = 100 * float(np.mean(~(trace.below(STANDARD.low) | trace.above(STANDARD.high))))
    lows, very_lows = _hypos(grid, STANDARD.low), _hypos(grid, STANDARD.very_low)
    weeks = grid.covered_days / WEEK_DAYS
    return (
        1 + 9 * _rise(0.049 * (gvp - 65.47))
        + 1 + 9 * (_rise(-0.1139 * (mean - 72.08)) + _rise(0.09195 * (mean - 157.57)))
        + 1 + 9 * _rise(-0.0833 * (in_range - 55.04))
        + 0.5 + 4.5 * (1 - math.exp(-0.91093 * len(very_lows.starts) / weeks))
        + _of_lows(len(without(lows, very_lows).starts) / weeks)
    )  # fmt: skip


def _rise(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _of_lows(in_week: float) -> float:
    return 0.5714 * in_week + 0.625 if in_week <= 7.65 else 5.0


def _hypos(grid: Grid, limit: Limit) -> Spans:
    is_below = grid.below(limit)
    return closed(grid, *lasting(is_below, grid.points(LASTS)), grid.is_present & ~is_below, BACK)
