"""How much of the time glucose was in each range.

Shares are counts over counts: a reading stands for one interval, gaps stand for nothing. Each value is compared in the
unit it came in. Source: Battelino 2019 (10.2337/dci19-0028), tables 2 to 4; 70 and 180 mg/dL are in range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from analytics.trace import Flags, Limit, Trace

RangeName = Literal["very_low", "low", "in_range", "high", "very_high"]
ShareName = Literal["very_low", "low", "in_range", "high", "very_high", "tight", "below", "above"]
RANGES: tuple[RangeName, ...] = get_args(RangeName)


@dataclass(frozen=True, slots=True)
class RangeLimits:
    """Below ``very_low`` and ``low``; above ``high`` and ``very_high`` (None: not told apart from high)."""

    very_low: Limit
    low: Limit
    high: Limit
    very_high: Limit | None


STANDARD = RangeLimits(Limit(54, 3.0), Limit(70, 3.9), Limit(180, 10.0), Limit(250, 13.9))
PREGNANCY = RangeLimits(Limit(54, 3.0), Limit(63, 3.5), Limit(140, 7.8), None)
# The tight range has one definition, whatever the limits of the others.
TIGHT_FROM, TIGHT_UNTIL = Limit(70, 3.9), Limit(140, 7.8)


@dataclass(frozen=True, slots=True)
class TimesInRanges:
    """Counts of readings. ``tight`` lies across the others: 70 to 140 mg/dL (3.9 to 7.8 mmol/L)."""

    count: int
    very_low: int
    low: int
    in_range: int
    high: int
    very_high: int
    tight: int
    limits: RangeLimits = STANDARD

    @property
    def below(self) -> int:
        """Low and very low together, as goals count them."""
        return self.very_low + self.low

    @property
    def above(self) -> int:
        """High and very high together, as goals count them."""
        return self.high + self.very_high

    def percent(self, name: ShareName) -> float | None:
        """100 times the count over that of all; None without readings."""
        share: int = getattr(self, name)
        return 100 * share / self.count if self.count else None

    def whole_percents(self) -> dict[RangeName, int]:
        """The five shares as whole numbers that sum to 100; zeros without readings. Combined ones are their sums.

        Each is rounded half to even, and what is left over goes to "high", as the licensed sheet does (tidepool-org
        viz). Where nothing was high, or too little to take from, it goes to the largest share instead: a sheet that
        shows 1 % or -1 % of highs to somebody who had none is wrong.
        """
        counts = {name: self._count(name) for name in RANGES}
        if not self.count:
            return counts
        shares = {name: _rounded(100 * count, self.count) for name, count in counts.items()}
        left = 100 - sum(shares.values())
        fits = counts["high"] > 0 and shares["high"] + left >= 0
        shares["high" if fits else max(RANGES, key=counts.__getitem__)] += left
        return shares

    def _count(self, name: RangeName) -> int:
        count: int = getattr(self, name)
        return count


def times_in_ranges(trace: Trace, limits: RangeLimits = STANDARD) -> TimesInRanges:
    """TBR2, TBR1, TIR, TAR1, TAR2 and TITR of the consensus, as counts."""
    return count_ranges(range_places(trace, limits), in_tight_range(trace), limits)


def count_ranges(places: NDArray[np.int64], is_tight: Flags, limits: RangeLimits) -> TimesInRanges:
    """Of the readings of which both are given: all of a trace, or those of a day."""
    very_low, low, in_range, high, very_high = np.bincount(places, minlength=len(RANGES)).tolist()
    tight = int(is_tight.sum())
    return TimesInRanges(len(places), very_low, low, in_range, high, very_high, tight, limits)


def range_places(trace: Trace, limits: RangeLimits) -> NDArray[np.int64]:
    """For each reading, the place of its range in ``RANGES``."""
    above = trace.above(limits.high).astype(np.int64)
    if limits.very_high is not None:
        above += trace.above(limits.very_high)
    return 2 + above - trace.below(limits.low) - trace.below(limits.very_low)


def in_tight_range(trace: Trace) -> Flags:
    inside: Flags = ~(trace.below(TIGHT_FROM) | trace.above(TIGHT_UNTIL))
    return inside


def _rounded(dividend: int, divisor: int) -> int:
    """Half to even, without the float in which a half may not be one."""
    whole, rest = divmod(dividend, divisor)
    return whole + (2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1))
