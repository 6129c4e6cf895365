"""MAGE, the mean amplitude of glycemic excursions, by moving averages as R iglu 4.3 finds them.

Source: Service 1970, doi:10.2337/diab.19.9.644; algorithm: Fernandes 2022, doi:10.1177/19322968211061165. Other
implementations find other excursions: a value goes by the name "MAGE (iglu 4.3, average)".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from analytics.grid import grid_of
from analytics.trace import Floats, Trace

INTERVAL = 5
# Points of the grid: of the two trailing means, of the shortest part looked at, of the longest hole within one.
SHORT, LONG = 5, 32
LONGEST_HOLE = 180 // INTERVAL
SMALLEST_SD = 1.0


@dataclass(frozen=True, slots=True)
class Mage:
    """mg/dL; None where there is no excursion of the kind.

    ``plus``: mean of the rises; ``minus``: of the falls; ``average``: of both; ``maximum``: of the larger of the two
    of each part of the trace; ``service``: of what comes first in each part, closest to Service 1970.
    """

    average: float | None
    plus: float | None
    minus: float | None
    maximum: float | None
    service: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """The mean rise and fall of a stretch without long holes; ``weight``: its points, less one."""

    weight: int
    plus: float | None
    minus: float | None
    is_plus_first: bool


def mage(trace: Trace) -> Mage:
    """On the 5-minute grid. Parts between holes of more than 180 minutes count by their length."""
    parts = [part for values in _parts(grid_of(trace, INTERVAL).values) if (part := _part(values)) is not None]
    both = [(part.weight, side) for part in parts for side in (part.plus, part.minus)]
    return Mage(
        average=_weighted(both),
        plus=_weighted([(part.weight, part.plus) for part in parts]),
        minus=_weighted([(part.weight, part.minus) for part in parts]),
        maximum=_weighted([(part.weight, max(part.plus or 0.0, part.minus or 0.0) or None) for part in parts]),
        service=_weighted([(part.weight, part.plus if part.is_plus_first else part.minus) for part in parts]),
    )


def _weighted(sides: list[tuple[int, float | None]]) -> float | None:
    known = [(weight, side) for weight, side in sides if side is not None]
    total = sum(weight for weight, _ in known)
    return sum(weight * side for weight, side in known) / total if total else None


def _parts(values: Floats) -> Iterator[Floats]:
    """Without holes of more than 180 minutes; each begins and ends with a value."""
    present = np.flatnonzero(np.isfinite(values))
    for places in np.split(present, np.flatnonzero(np.diff(present) > LONGEST_HOLE + 1) + 1):
        if len(places):
            yield values[places[0] : places[-1] + 1]


def _part(values: Floats) -> Part | None:
    """None where it is shorter than the long mean, or level, or has no excursion."""
    if len(values) < LONG:
        return None
    sd = float(np.std(values[np.isfinite(values)], ddof=1))
    if sd < SMALLEST_SD:
        return None
    turns = _turning_values(values)
    rises, falls = _excursions(turns, sd), _excursions([-turn for turn in turns], sd)
    is_plus_first = bool(rises) and (not falls or rises[0][0] <= falls[0][0])
    plus, minus = (sum(size for _, size in found) / len(found) if found else None for found in (rises, falls))
    return Part(len(values) - 1, plus, minus, is_plus_first)


def _turning_values(values: Floats) -> list[float]:
    """The extremes between the crossings of the two means."""
    places, is_top = _crossings(values)
    lowest, highest = np.where(np.isnan(values), np.inf, values), np.where(np.isnan(values), -np.inf, values)
    turns = []
    begin = places[0]
    for following, top in zip(places[1:], is_top, strict=False):
        stretch = slice(begin, following + 1)
        begin += int(highest[stretch].argmax() if top else lowest[stretch].argmin())
        turns.append(begin)
    return cast(list[float], values[turns].tolist())


def _crossings(values: Floats) -> tuple[list[int], list[bool]]:
    """Where the short mean crosses the long one, and whether a top follows; first and last point included."""
    apart = _trailing_means(values, SHORT) - _trailing_means(values, LONG)
    is_known = np.isfinite(values) & np.isfinite(apart)
    is_candidate = np.concatenate(([False], is_known[1:] & is_known[:-1])) & (apart != 0)
    places, is_top, last = [0], [bool(apart[0] > 0)], float(apart[0])
    changes = _changes(apart, np.flatnonzero(is_candidate))
    for place, here, before in zip(changes.tolist(), apart[changes].tolist(), apart[changes - 1].tolist(), strict=True):
        if here * before < 0:
            is_top.append(here >= before)
        elif here * last < 0:
            is_top.append(here >= last)
        else:
            continue
        places.append(place)
        last = here
    return [*places, len(values) - 1], [*is_top, bool(apart[-1] > 0)]


def _changes(apart: Floats, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of these places, those at which the sign is not that of the place before, or of the value before."""
    signs = np.sign(apart[places])
    earlier = np.concatenate(([0.0], signs[:-1]))
    changed: NDArray[np.intp] = places[(signs != earlier) | (signs * np.sign(apart[places - 1]) < 0)]
    return changed


def _trailing_means(values: Floats, width: int) -> Floats:
    """Of the last ``width`` points that are known; the first ones take the first complete mean."""
    is_known = np.isfinite(values)
    window = np.ones(width)
    # Not by running sums: where glucose is level the two means must be equal.
    counts = np.convolve(is_known.astype(np.float64), window, "valid")
    sums = np.convolve(np.where(is_known, values, 0.0), window, "valid")
    with np.errstate(invalid="ignore"):
        means = sums / counts
    return np.concatenate((np.full(width - 1, means[0]), means))


def _excursions(values: list[float], sd: float) -> list[tuple[int, float]]:
    """Changes of at least one SD from a nadir to the peak before the next fall of one SD, with the peak's number.

    Falls are found in the mirror image.
    """
    found: list[tuple[int, float]] = []
    place, lowest = 0, math.inf
    while place < len(values):
        lowest = min(lowest, values[place])
        if values[place] - lowest < sd:
            place += 1
            continue
        peak, end = _peak(values, place, sd)
        found.append((peak, values[peak] - lowest))
        if end == len(values) - 1:
            break
        place, lowest = end, values[end]
    return found


def _peak(values: list[float], place: int, sd: float) -> tuple[int, int]:
    """The highest from ``place`` on until a fall of more than one SD, and where that ended it."""
    peak = place
    for end in range(place, len(values)):
        if values[end] > values[peak]:
            peak = end
        if values[end] - values[peak] < -sd:
            return peak, end
    return peak, len(values) - 1
