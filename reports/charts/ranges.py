"""The five ranges of the consensus: what a value is called and how it is drawn. All limits in mg/dL."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from analytics.ranges import TimesInRanges

VERY_LOW_BELOW = 54
VERY_HIGH_ABOVE = 250


class Range(enum.Enum):
    VERY_LOW = "very-low"
    LOW = "low"
    IN_RANGE = "in-range"
    HIGH = "high"
    VERY_HIGH = "very-high"

    @property
    def label(self) -> str:
        return self.value.replace("-", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Target:
    """Both ends are in range. A wider target moves the limits of low and high, never those of very low and very high:
    a patient's target lies within 54 and 250."""

    low: int = 70
    high: int = 180

    @property
    def limits(self) -> tuple[int, ...]:
        """Where one range ends and the next begins, each once."""
        return tuple(sorted({VERY_LOW_BELOW, self.low, self.high, VERY_HIGH_ABOVE}))

    def has(self, name: Range) -> bool:
        """A target down to 54 leaves nothing to be low, one up to 250 nothing to be high."""
        if name is Range.LOW:
            return self.low > VERY_LOW_BELOW
        return name is not Range.HIGH or self.high < VERY_HIGH_ABOVE

    def classify(self, glucose: float, flag: int = 0) -> Range:
        """``flag`` -1 or 1: beyond what the sensor measures, whatever the number says."""
        if flag < 0 or glucose < VERY_LOW_BELOW:
            return Range.VERY_LOW
        if flag > 0 or glucose > VERY_HIGH_ABOVE:
            return Range.VERY_HIGH
        if glucose < self.low:
            return Range.LOW
        return Range.IN_RANGE if glucose <= self.high else Range.HIGH


def whole_percents(counts: dict[Range, int]) -> dict[Range, int]:
    """Whole numbers that sum to 100, rounded as reports round them. Zeros without readings."""
    very_low, low, in_range, high, very_high = (counts.get(name, 0) for name in Range)
    total = very_low + low + in_range + high + very_high
    times = TimesInRanges(total, very_low, low, in_range, high, very_high, tight=0)
    return dict(zip(Range, times.whole_percents().values(), strict=True))


def percent_words(count: int, percent: int) -> str:
    return "<1%" if count and percent < 1 else f"{percent}%"
