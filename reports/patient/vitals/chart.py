"""One kind of measurement by days, with the period before it behind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.safestring import SafeString

from readings.history.days import ONE_DAY
from reports.charts.svg import element, number, picture, text
from vitals.analysis.aggregates import Aggregate
from vitals.analysis.tendencies import Tendency
from vitals.catalogue import TYPES, MetricType

WIDTH, HEIGHT = 460, 210
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 10, 26
MOST_TICKS = 5


@dataclass(frozen=True, slots=True)
class Axis:
    """Of values, from the lowest tick to the highest."""

    ticks: tuple[float, ...]
    decimals: int

    def y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - BOTTOM - TOP)


def axis_for(low: float, high: float, decimals: int) -> Axis:
    """Round ticks around the values; also where there is only one value."""
    least = 10.0**-decimals
    span = max(high - low, least)
    raw = span / (MOST_TICKS - 1)
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = max(next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= raw * 0.999), least)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if first == last:
        first, last = first - 1, last + 1
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    return Axis(tuple(step * count for count in range(first, last + 1)), places)


def vital_chart(found: Tendency, *, first: date, days: int, description: str) -> SafeString:
    """``found`` has measurements in the period or in the one before; ``first`` is the period's first day."""
    kind = TYPES[found.metric]
    axis = _axis(kind, found)
    former = [(day, (day.begins_on + days * ONE_DAY - first).days) for day in found.days_before]
    current = [(day, (day.begins_on - first).days) for day in found.days]
    return picture(
        f"vital-{kind.name}",
        width=WIDTH,
        height=HEIGHT,
        title=f"{kind.name.replace('_', ' ')} by days, in {kind.unit}",
        description=description,
        children=[
            *_background(axis),
            *_days(first, days),
            *_range(kind, current, axis, days),
            *_lines(kind, former, axis, days, "vital-former"),
            *_lines(kind, current, axis, days, "chart-line"),
            *_dots(kind, current, axis, days),
        ],
    )


def _axis(kind: MetricType, found: Tendency) -> Axis:
    values: list[float] = []
    for day in (*found.days, *found.days_before):
        values += _shown(kind, day)
        if not kind.is_additive and not kind.is_pair:
            values += (day.figures.min, day.figures.max) if day in found.days else ()
    return axis_for(min(values), max(values), kind.decimals)


def _shown(kind: MetricType, day: Aggregate) -> list[float]:
    """What a line is drawn of: the total, the mean, or the means of both values of a pair."""
    if kind.is_additive:
        return [day.figures.sum]
    return [day.figures.avg] if day.second is None else [day.figures.avg, day.second.avg]


def _x(place: int, days: int) -> float:
    return LEFT + (place + 0.5) / days * (WIDTH - RIGHT - LEFT)


def _background(axis: Axis) -> Iterator[SafeString]:
    yield element("rect", class_="chart-plot", x=LEFT, y=TOP, width=WIDTH - RIGHT - LEFT, height=HEIGHT - BOTTOM - TOP)
    for tick in axis.ticks:
        y = axis.y(tick)
        yield element("line", class_="chart-grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y)
        yield text(f"{tick:,.{axis.decimals}f}", class_="chart-label", x=LEFT - 6, y=y + 4, text_anchor="end")


def _days(first: date, days: int) -> Iterator[SafeString]:
    every = max(1, math.ceil(days / 5))
    for place in range(0, days, every):
        day = first + place * ONE_DAY
        x = _x(place, days)
        anchor = "end" if x > WIDTH - RIGHT - 24 else "middle"
        yield text(f"{day.day} {day:%b}", class_="chart-label", x=x, y=HEIGHT - 8, text_anchor=anchor)


def _range(kind: MetricType, days: Sequence[tuple[Aggregate, int]], axis: Axis, count: int) -> Iterator[SafeString]:
    """From the lowest to the highest of each day; of totals there is no such thing."""
    if kind.is_additive or kind.is_pair:
        return
    for day, place in days:
        if day.figures.count > 1:
            x = _x(place, count)
            yield element(
                "line", class_="vital-range", x1=x, x2=x, y1=axis.y(day.figures.min), y2=axis.y(day.figures.max)
            )


def _lines(
    kind: MetricType, days: Sequence[tuple[Aggregate, int]], axis: Axis, count: int, style: str
) -> Iterator[SafeString]:
    """Joined over days without measurements: the dots show which have some."""
    for which in range(2 if kind.is_pair else 1):
        points = [
            f"{number(_x(place, count))},{number(axis.y(shown[which]))}"
            for day, place in days
            if len(shown := _shown(kind, day)) > which
        ]
        if len(points) > 1:
            yield element("polyline", class_=style, points=" ".join(points))


def _dots(kind: MetricType, days: Sequence[tuple[Aggregate, int]], axis: Axis, count: int) -> Iterator[SafeString]:
    radius = 3.0 if count <= 31 else 1.8
    for day, place in days:
        for value in _shown(kind, day):
            yield element("circle", class_="vital-dot", cx=_x(place, count), cy=axis.y(value), r=radius)
