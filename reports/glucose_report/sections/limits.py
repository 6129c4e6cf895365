"""The limits of the ranges: what they are called in each unit, and the zones that plots are cut into."""

from __future__ import annotations

from analytics.ranges import RangeLimits
from analytics.trace import Limit
from reports.glucose_report.geometry import Zone
from reports.glucose_report.language import Language
from tenancy.models import GlucoseUnit

# Above every value that a sensor can give.
BEYOND = 10_000.0


def limit_words(limit: Limit, unit: str, words: Language, *, step: int = 0) -> str:
    """``step`` 1 or -1: the next value above or below that can be shown, as in "181 to 250"."""
    if unit == GlucoseUnit.MMOL_L:
        return words.decimal(limit.mmol_l + step / 10)
    return words.whole(round(limit.mg_dl) + step)


def zones_of(limits: RangeLimits) -> list[Zone]:
    very_high = limits.very_high.mg_dl if limits.very_high else BEYOND
    zones = [
        Zone("very-low", 0.0, limits.very_low.mg_dl),
        Zone("low", limits.very_low.mg_dl, limits.low.mg_dl),
        Zone("in-range", limits.low.mg_dl, limits.high.mg_dl),
        Zone("high", limits.high.mg_dl, very_high),
    ]
    return [*zones, Zone("very-high", very_high, BEYOND)] if limits.very_high else zones


def limits_in_order(limits: RangeLimits) -> list[Limit]:
    found = [limits.very_low, limits.low, limits.high]
    return [*found, limits.very_high] if limits.very_high else found
