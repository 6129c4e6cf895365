"""Lows and highs that last, by the definitions of 2023.

A low or high begins with 15 minutes beyond the limit and ends with 15 minutes back within it; its end is where those
begin. One point of the grid stands for one interval of the sensor: 15 minutes are three points of five minutes, one of
fifteen. Where the grid is missing (a gap of more than 45 minutes) an open one ends with the last point.
Source: Battelino 2023, Lancet Diabetes Endocrinol 11:42-57; R iglu 4.3.0 counts the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from analytics.grid import Grid, grid_of
from analytics.ranges import STANDARD, RangeLimits
from analytics.trace import Flags, Trace

Places = NDArray[np.intp]

LASTS = 15
# A low is extended after more than 120 minutes; a high by 90 minutes, together, of 120.
EXTENDED_LOW = 120
EXTENDED_HIGH, EXTENDED_HIGH_WITHIN = 90, 120


class EpisodeKind(StrEnum):
    """Level 1 contains what reaches level 2; the "only" ones do not. Level 3 no sensor can tell."""

    HYPO_LEVEL_1 = "hypoLevel1"
    HYPO_LEVEL_1_ONLY = "hypoLevel1Only"
    HYPO_LEVEL_2 = "hypoLevel2"
    HYPO_EXTENDED = "hypoExtended"
    HYPER_LEVEL_1 = "hyperLevel1"
    HYPER_LEVEL_1_ONLY = "hyperLevel1Only"
    HYPER_LEVEL_2 = "hyperLevel2"
    HYPER_EXTENDED = "hyperExtended"


HYPOS = frozenset(kind for kind in EpisodeKind if kind.name.startswith("HYPO"))
# Which other kind must not be within.
ONLY = {
    EpisodeKind.HYPO_LEVEL_1_ONLY: (EpisodeKind.HYPO_LEVEL_1, EpisodeKind.HYPO_LEVEL_2),
    EpisodeKind.HYPER_LEVEL_1_ONLY: (EpisodeKind.HYPER_LEVEL_1, EpisodeKind.HYPER_LEVEL_2),
}


@dataclass(frozen=True, slots=True)
class Spans:
    """The first point of each, and the one behind its last."""

    starts: Places
    ends: Places


NONE = Spans(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp))


@dataclass(frozen=True, slots=True)
class Episode:
    """``starts``, ``ends``: milliseconds since 1970; ``mean`` and ``extreme`` (lowest of a low, highest of a high) in
    mg/dL, on the grid."""

    kind: EpisodeKind
    starts: int
    ends: int
    duration_minutes: int
    mean: float
    extreme: float


@dataclass(frozen=True, slots=True)
class Episodes:
    """All of a trace; ``days``: how long there are values, which rates are by."""

    by_kind: Mapping[EpisodeKind, list[Episode]]
    days: float

    def count(self, kind: EpisodeKind) -> int:
        return len(self.by_kind[kind])

    def per_day(self, kind: EpisodeKind) -> float | None:
        return self.count(kind) / self.days if self.days else None

    def mean_minutes(self, kind: EpisodeKind) -> float | None:
        found = self.by_kind[kind]
        return sum(episode.duration_minutes for episode in found) / len(found) if found else None


def all_episodes(trace: Trace, limits: RangeLimits = STANDARD) -> Episodes:
    grid = grid_of(trace)
    found = {kind: _spans(grid, kind, limits) for kind in EpisodeKind if kind not in ONLY}
    found |= {kind: without(found[wide], found[narrow]) for kind, (wide, narrow) in ONLY.items()}
    return Episodes({kind: _episodes(grid, kind, found[kind]) for kind in EpisodeKind}, grid.covered_days)


def episodes(trace: Trace, kind: EpisodeKind, limits: RangeLimits = STANDARD) -> list[Episode]:
    """In the order of time. ``limits``: PREGNANCY for 63 and 140 mg/dL; without a very high one, of level 1 only."""
    return all_episodes(trace, limits).by_kind[kind]


def _spans(grid: Grid, kind: EpisodeKind, limits: RangeLimits) -> Spans:
    is_beyond = _beyond(grid, kind, limits)
    if is_beyond is None:
        return NONE
    if kind == EpisodeKind.HYPER_EXTENDED:
        starts, certain = _often(grid, is_beyond)
        is_back = grid.is_present & ~grid.above(limits.high)
    else:
        # "More than 120 minutes" is one point more than 120 minutes are.
        lasts = grid.points(EXTENDED_LOW + 1) if kind == EpisodeKind.HYPO_EXTENDED else grid.points(LASTS)
        starts, certain = lasting(is_beyond, lasts)
        is_back = grid.is_present & ~is_beyond
    return closed(grid, starts, certain, is_back)


def without(wide: Spans, narrow: Spans) -> Spans:
    """Those that none of the narrow ones begins in."""
    inner = np.searchsorted(narrow.starts, wide.ends) - np.searchsorted(narrow.starts, wide.starts)
    return Spans(wide.starts[inner == 0], wide.ends[inner == 0])


def lasting(flags: Flags, points: int) -> tuple[Places, Places]:
    """Where at least so many in a row begin, and where they are as many."""
    begins, ends = runs(flags)
    starts = begins[ends - begins >= points]
    return starts, starts + points - 1


def closed(grid: Grid, starts: Places, certain: Places, is_back: Flags, back_minutes: int = LASTS) -> Spans:
    """Each from its start to the first 15 minutes back after it was ``certain``, or to where values end.

    What begins before that belongs to the one that is open.
    """
    if not len(starts):
        return NONE
    recoveries, _ = lasting(is_back, grid.points(back_minutes))
    _, stretch_ends = runs(grid.is_present)
    ends = stretch_ends[np.searchsorted(stretch_ends, starts, side="right")]
    recovered = np.append(recoveries, len(grid.values))[np.searchsorted(recoveries, certain, side="right")]
    ends = np.minimum(ends, recovered)
    following = np.searchsorted(starts, ends).tolist()
    kept = [0]
    while following[kept[-1]] < len(starts):
        kept.append(following[kept[-1]])
    return Spans(starts[kept], ends[kept])


def runs(flags: Flags) -> tuple[Places, Places]:
    """Where flags in a row begin, and the place behind each row."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return edges[::2], edges[1::2]


def _beyond(grid: Grid, kind: EpisodeKind, limits: RangeLimits) -> Flags | None:
    """None: there is no such limit."""
    match kind:
        case EpisodeKind.HYPO_LEVEL_1 | EpisodeKind.HYPO_EXTENDED:
            return grid.below(limits.low)
        case EpisodeKind.HYPO_LEVEL_2:
            return grid.below(limits.very_low)
        case EpisodeKind.HYPER_LEVEL_1:
            return grid.above(limits.high)
    return None if limits.very_high is None else grid.above(limits.very_high)


def _often(grid: Grid, is_beyond: Flags) -> tuple[Places, Places]:
    """Points from which on 90 minutes of 120 are beyond, and the point by which they are."""
    needed, window = grid.points(EXTENDED_HIGH), grid.points(EXTENDED_HIGH_WITHIN)
    places = np.flatnonzero(is_beyond)
    starts, certain = places[: max(0, len(places) - needed + 1)], places[needed - 1 :]
    # No gap can lie between: it takes more than 45 minutes, where 30 are to spare.
    is_often = certain - starts < window
    return starts[is_often], certain[is_often]


def _episodes(grid: Grid, kind: EpisodeKind, spans: Spans) -> list[Episode]:
    if not len(spans.starts):
        return []
    # The point behind the last span may be the one behind the grid.
    values = np.append(grid.values, np.nan)
    edges = np.stack((spans.starts, spans.ends), axis=1).ravel()
    sums = np.add.reduceat(values, edges)[::2]
    extremes = (np.minimum if kind in HYPOS else np.maximum).reduceat(values, edges)[::2]
    points = spans.ends - spans.starts
    begins = grid.instants[spans.starts]
    columns = (begins, begins + points * grid.step, points * grid.interval, sums / points, extremes)
    return [Episode(kind, *row) for row in zip(*(column.tolist() for column in columns), strict=True)]
