"""What 14 days come to, for all patients at once, beside the 14 days before. Computed from counts alone.

Shares are of readings, as everywhere; how much of the time was measured follows from each day's usual interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reports.worklist.columns import COLUMNS, DAYS, PERIOD

Floats: TypeAlias = NDArray[np.float64]
Booleans: TypeAlias = NDArray[np.bool_]
# Patients, days (the oldest first), columns.
Counts: TypeAlias = NDArray[np.int16]
Integers: TypeAlias = NDArray[np.int64]

MINUTES_OF_DAY = 1440
# As for statements of time in range: 70 % of 14 days (specification of the report, and of the consensus).
SUFFICIENT_SHARE = 0.7
# Below a day of data not even a warning is drawn from shares.
SHORTEST_MINUTES = MINUTES_OF_DAY


@dataclass(frozen=True, slots=True)
class Period:
    """Percentages of readings, NaN without readings; ``minutes``: of data. ``is_sufficient``: for a judgement."""

    count: Integers
    minutes: Floats
    active: Floats
    very_low: Floats
    low: Floats
    in_range: Floats
    high: Floats
    very_high: Floats
    below_63: Floats
    in_pregnancy_range: Floats
    gri: Floats

    @property
    def is_sufficient(self) -> Booleans:
        return self.active >= 100 * SUFFICIENT_SHARE

    @property
    def is_telling(self) -> Booleans:
        """Enough for a warning, if not for a judgement."""
        return self.minutes >= SHORTEST_MINUTES


def recent_period(days: Counts, minutes_today: Floats) -> Period:
    """``minutes_today``: how much of today has passed by the patient's clock; what is to come is not missing."""
    return _period(days[:, PERIOD:], (PERIOD - 1) * MINUTES_OF_DAY + minutes_today)


def period_before(days: Counts) -> Period:
    return _period(days[:, :PERIOD], np.full(len(days), float(PERIOD * MINUTES_OF_DAY)))


def minutes_very_low_since(days: Counts, days_ago: Integers) -> Floats:
    """Below 54 on the days after the one that is ``days_ago`` (of any size) before today."""
    minutes = days[:, :, COLUMNS.index("very_low")] * _intervals(days)
    is_after = np.arange(DAYS)[None, :] >= DAYS - np.clip(days_ago, 0, DAYS)[:, None]
    return np.asarray((minutes * is_after).sum(axis=1), dtype=np.float64)


def _period(days: Counts, minutes_there: Floats) -> Period:
    sums = dict(zip(COLUMNS, np.einsum("pdc->cp", days, dtype=np.int64), strict=True))
    count = sums["count"]
    minutes = (days[:, :, 0] * _intervals(days)).sum(axis=1, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        very_low, low, high, very_high, below_63, in_pregnancy_range = (
            100.0 * sums[name] / count for name in COLUMNS[1:7]
        )
        gri = (300 * sums["very_low"] + 240 * sums["low"] + 160 * sums["very_high"] + 80 * sums["high"]) / count
        active = 100.0 * np.minimum(minutes / np.maximum(minutes_there, 1.0), 1.0)
    return Period(
        count=count,
        minutes=minutes,
        active=active,
        very_low=very_low,
        low=low,
        in_range=100.0 - very_low - low - high - very_high,
        high=high,
        very_high=very_high,
        below_63=below_63,
        in_pregnancy_range=in_pregnancy_range,
        # By counts, as analytics.gri does: a value on the end of a zone is there exactly.
        gri=np.minimum(gri, 100.0),
    )


def _intervals(days: Counts) -> NDArray[np.int32]:
    return days[:, :, COLUMNS.index("interval")].astype(np.int32)
