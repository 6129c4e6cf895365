"""Numbers as answers give them: in the clinic's unit, rounded, null where there is none. NaN is no JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from analytics.ranges import ShareName, TimesInRanges
from analytics.units import MG_DL_PER_MMOL_L
from tenancy.models import GlucoseUnit

SHARES: dict[str, ShareName] = {
    "veryLow": "very_low",
    "low": "low",
    "inRange": "in_range",
    "high": "high",
    "veryHigh": "very_high",
    "tight": "tight",
    "below": "below",
    "above": "above",
}


def number(value: float | None, digits: int = 2) -> float | None:
    return round(value, digits) if value is not None and math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class In:
    """A unit that glucose is told in."""

    unit: str

    @property
    def is_mmol(self) -> bool:
        return self.unit == GlucoseUnit.MMOL_L

    def glucose(self, mg_dl: float | None) -> float | None:
        """What was computed, with a digit more than what was measured has."""
        if mg_dl is None:
            return None
        return number(mg_dl / MG_DL_PER_MMOL_L, 2) if self.is_mmol else number(mg_dl, 1)

    def fine(self, mg_dl: float | None) -> float | None:
        """Small ones: a rate or a spread, with two digits more."""
        return number(mg_dl / MG_DL_PER_MMOL_L, 4) if self.is_mmol and mg_dl is not None else number(mg_dl, 3)

    def measured(self, mg_dl: Iterable[float]) -> list[float] | list[int]:
        """Values as sensors show them."""
        if self.is_mmol:
            return [round(value / MG_DL_PER_MMOL_L, 1) for value in mg_dl]
        return [round(value) for value in mg_dl]


def shares(times: TimesInRanges) -> dict[str, Any]:
    """Each with its count and percent; ``wholePercent`` of the five sum to 100."""
    whole = times.whole_percents()
    return {
        name: {
            "count": getattr(times, share),
            "percent": number(times.percent(share)),
            **({"wholePercent": whole[share] if times.count else None} if share in whole else {}),
        }
        for name, share in SHARES.items()
    }
