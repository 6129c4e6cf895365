"""The glycemia risk index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analytics.ranges import STANDARD, TimesInRanges

Zone = Literal["A", "B", "C", "D", "E"]
ZONES: tuple[tuple[float, Zone], ...] = ((20, "A"), (40, "B"), (60, "C"), (80, "D"))


@dataclass(frozen=True, slots=True)
class Gri:
    """``value``: 0 to 100, the worst; components in percent. Zones end at 20, 40, 60, 80 and 100, ends included."""

    value: float
    hypo_component: float
    hyper_component: float
    zone: Zone


def gri(times: TimesInRanges) -> Gri | None:
    """3 hypo + 1.6 hyper, at most 100, of hypo = very low + 0.8 low and hyper = very high + 0.5 high, in percent.

    None without readings. Its weights are for 54, 70, 180 and 250 mg/dL: shares by other limits are refused.
    Source: Klonoff 2022 (10.1177/19322968221085273).
    """
    if times.limits != STANDARD:
        raise ValueError("the glycemia risk index is defined for the standard limits only")
    if not times.count:
        return None
    # By counts, so that a value on the end of a zone is there exactly.
    hypo = (100 * times.very_low + 80 * times.low) / times.count
    hyper = (100 * times.very_high + 50 * times.high) / times.count
    weighted = 300 * times.very_low + 240 * times.low + 160 * times.very_high + 80 * times.high
    value = min(weighted / times.count, 100.0)
    return Gri(value=value, hypo_component=hypo, hyper_component=hyper, zone=zone_of(value))


def zone_of(value: float) -> Zone:
    return next((zone for until, zone in ZONES if value <= until), "E")
