"""Lines and areas of the plots, cut where a range ends, so that each piece has the colour and pattern of its range.

Values are mg/dL; what comes out lies between 0 and 1: from left to right, from bottom to top.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analytics.trace import Floats
from reports.glucose_report.content import Points, Shape


@dataclass(frozen=True, slots=True)
class Zone:
    """A range from ``bottom`` up to ``top``, in mg/dL."""

    name: str
    bottom: float
    top: float


@dataclass(frozen=True, slots=True)
class Scale:
    bottom: float
    top: float

    def place(self, values: Floats) -> Floats:
        placed: Floats = np.clip((values - self.bottom) / (self.top - self.bottom), 0.0, 1.0)
        return placed

    def at(self, value: float) -> float:
        return float(self.place(np.array([value]))[0])


def runs(xs: Floats, values: Floats, longest_gap: float) -> Iterator[slice]:
    """Stretches that a line may join: no value is missing, no step is longer than ``longest_gap``, and none goes back,
    as the time of day does in autumn."""
    present, steps = ~np.isnan(values), np.diff(xs)
    breaks = np.flatnonzero(~(present[:-1] & present[1:] & (steps > 0) & (steps <= longest_gap))) + 1
    for begin, end in pairwise([0, *breaks.tolist(), len(xs)]):
        if end > begin and present[begin]:
            yield slice(begin, end)


def with_crossings(xs: Floats, curves: Sequence[Floats], levels: Sequence[float]) -> tuple[Floats, list[Floats]]:
    """The same curves with a point wherever one of them crosses a level."""
    crossings = [xs]
    steps = np.diff(xs)
    for curve in curves:
        for level in levels:
            above = curve - level
            at = np.flatnonzero(above[:-1] * above[1:] < 0)
            crossings.append(xs[at] + steps[at] * above[at] / (above[at] - above[at + 1]))
    finer = np.unique(np.concatenate(crossings))
    return finer, [np.interp(finer, xs, curve) for curve in curves]


def band(xs: Floats, lower: Floats, upper: Floats, zones: Sequence[Zone], scale: Scale, style: str) -> Iterator[Shape]:
    """The area between two curves, in one piece for each stretch of each zone that it reaches."""
    xs, (lower, upper) = with_crossings(xs, (lower, upper), [zone.bottom for zone in zones])
    for zone in zones:
        bottom, top = np.clip(lower, zone.bottom, zone.top), np.clip(upper, zone.bottom, zone.top)
        for part in _stretches(top - bottom > 1e-9):
            yield Shape("area", f"{style}-{zone.name}", _closed(xs[part], bottom[part], top[part], scale))


def line(xs: Floats, values: Floats, zones: Sequence[Zone], scale: Scale, style: str) -> Iterator[Shape]:
    xs, (values,) = with_crossings(xs, (values,), [zone.bottom for zone in zones])
    middles = (values[:-1] + values[1:]) / 2
    of_segment = np.searchsorted([zone.bottom for zone in zones][1:], middles, side="left")
    begin = 0
    for end in [*(np.flatnonzero(np.diff(of_segment)) + 1).tolist(), len(of_segment)]:
        part = slice(begin, end + 1)
        zone = zones[int(of_segment[begin])]
        yield Shape("line", f"{style}-{zone.name}", _points(xs[part], scale.place(values[part])))
        begin = end


def plain_line(xs: Floats, values: Floats, scale: Scale, style: str) -> Shape:
    return Shape("line", style, _points(xs, scale.place(values)))


def level_line(value: float, scale: Scale, style: str) -> Shape:
    return Shape("line", style, [(0.0, scale.at(value)), (1.0, scale.at(value))])


def box(bottom: float, top: float, scale: Scale, style: str) -> Shape:
    low, high = scale.at(bottom), scale.at(top)
    return Shape("area", style, [(0.0, low), (1.0, low), (1.0, high), (0.0, high)])


def spread(wanted: Sequence[float], apart: float) -> list[float]:
    """Places for labels near the wanted ones (ascending), ``apart`` from each other, within 0 to 1."""
    placed: list[float] = []
    for place in wanted:
        placed.append(max(place, placed[-1] + apart) if placed else max(place, apart / 2))
    highest = 1 - apart / 2
    for index in reversed(range(len(placed))):
        placed[index] = min(placed[index], highest)
        highest = placed[index] - apart
    return [round(place, 4) for place in placed]


def _stretches(flags: np.ndarray) -> Iterator[slice]:
    """Where flags are set, with the point before and after: there the area begins and ends as a point."""
    edges = np.diff(np.r_[0, flags.astype(np.int8), 0])
    for begin, end in zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True):
        yield slice(max(begin - 1, 0), end + 1)


def _closed(xs: Floats, bottom: Floats, top: Floats, scale: Scale) -> Points:
    return _points(xs, scale.place(top)) + _points(xs[::-1], scale.place(bottom[::-1]))


def _points(xs: Floats, ys: Floats) -> Points:
    return list(zip(np.round(xs, 4).tolist(), np.round(ys, 4).tolist(), strict=True))
