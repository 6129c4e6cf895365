"""The ambulatory glucose profile: percentiles of the hours of a day, all days laid over each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.trace import Floats, Trace

PERCENTILES = (5, 25, 50, 75, 95)
HOURS = 24
# Fewer readings in an hour have no outer percentiles worth the name; the median and the quartiles are shown.
FEWEST_FOR_OUTER = 5


@dataclass(frozen=True, slots=True)
class AgpHour:
    """Percentiles in mg/dL of all readings in that hour by the patient's clock; None where there are too few."""

    count: int
    p05: float | None
    p25: float | None
    p50: float | None
    p75: float | None
    p95: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Agp:
    """``smoothed``: 24 hours by 5 percentiles, in mg/dL, NaN where there is none: a gap of the curve, which draws each
    value in the middle of its hour."""

    hours: tuple[AgpHour, ...]
    smoothed: Floats


def agp(trace: Trace) -> Agp:
    """Raw readings in 24 bins of an hour of local time; percentiles 5, 25, 50, 75 and 95 of type 7, each smoothed.

    Source: "according to AGP spec" in tidepool-org viz, a licensed implementation; the specification is not public.
    """
    counts = np.bincount(trace.hours_of_day, minlength=HOURS)
    raw = np.full((HOURS, len(PERCENTILES)), np.nan)
    is_filled = counts > 0
    raw[is_filled] = _percentiles(_sorted_in_hours(trace, counts), counts[is_filled])
    raw[counts < FEWEST_FOR_OUTER, :: len(PERCENTILES) - 1] = np.nan
    hours = (
        AgpHour(count, *(None if np.isnan(value) else value for value in row))
        for count, row in zip(counts.tolist(), raw.tolist(), strict=True)
    )
    return Agp(tuple(hours), smoothed(raw))


def smoothed(raw: Floats) -> Floats:
    """Over midnight: (before + 4 own + after) / 6; (4 own + the other) / 5 beside an empty hour; own between two."""
    weighted, weights = 4 * raw, np.full(raw.shape, 4.0)
    for neighbour in (np.roll(raw, 1, axis=0), np.roll(raw, -1, axis=0)):
        is_there = ~np.isnan(neighbour)
        weighted = weighted + np.where(is_there, neighbour, 0.0)
        weights += is_there
    result: Floats = weighted / weights
    return result


def _sorted_in_hours(trace: Trace, counts: NDArray[np.intp]) -> Floats:
    in_order = trace.glucose[np.argsort(trace.hours_of_day.astype(np.int8), kind="stable")]
    for hour in np.split(in_order, np.cumsum(counts)[:-1]):
        hour.sort()
    return in_order


def _percentiles(values: Floats, counts: NDArray[np.intp]) -> Floats:
    """Type 7, of groups of ascending ``values`` none of which is empty; a loop of ``np.percentile`` takes longer."""
    begins = (np.cumsum(counts) - counts)[:, np.newaxis]
    places = np.array(PERCENTILES) / 100 * (counts[:, np.newaxis] - 1)
    lower = np.floor(places).astype(np.intp)
    upper = np.minimum(lower + 1, counts[:, np.newaxis] - 1)
    below, above = values[begins + lower], values[begins + upper]
    percentiles: Floats = below + (above - below) * (places - lower)
    return percentiles
