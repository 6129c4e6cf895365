"""The last hours in a table's cell: a line with gaps over the target band."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils.safestring import SafeString

from reports.charts.marks import mark
from reports.charts.ranges import Range, Target
from reports.charts.svg import element
from reports.charts.trace import Point, Window, runs

# One unit for each five minutes of a day keeps the coordinates whole, and the page small.
WIDTH, HEIGHT = 288, 60
_LOWEST, _HIGHEST = 40, 300
_MARGIN = 4


def sparkline(points: Sequence[Point], window: Window, *, target: Target, gap: timedelta) -> SafeString:
    """Hidden from screen readers: the row's value, trend and age say the same in words. Empty without points."""
    if not points:
        return SafeString("")
    top, bottom = _y(target.high), _y(target.low)
    lines = []
    for run in runs(points, gap):
        joined = " ".join(f"{_x(point, window)},{_y(point.glucose)}" for point in run)
        lines.append(element("polyline", class_="chart-line", points=joined))
    marks = [
        mark(_x(point, window), _y(point.glucose, point.flag), target.classify(point.glucose, point.flag), 3)
        for point in _told(points, target)
    ]
    return element(
        "svg",
        element("rect", class_="chart-target", x=0, y=top, width=WIDTH, height=bottom - top),
        *lines,
        *marks,
        class_="sparkline",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        aria_hidden="true",
    )


def _told(points: Sequence[Point], target: Target) -> list[Point]:
    """The readings that get a mark: those out of range, thinned to one in fifteen minutes, and the last one."""
    told: list[Point] = []
    for point in points[:-1]:
        outside = target.classify(point.glucose, point.flag) is not Range.IN_RANGE
        if outside and (not told or point.at - told[-1].at >= timedelta(minutes=15)):
            told.append(point)
    return [*told, points[-1]]


def _x(point: Point, window: Window) -> int:
    return round(window.share(point.at) * WIDTH)


def _y(glucose: float, flag: int = 0) -> int:
    if flag:
        return _MARGIN if flag > 0 else HEIGHT - _MARGIN
    share = (min(max(glucose, _LOWEST), _HIGHEST) - _LOWEST) / (_HIGHEST - _LOWEST)
    return round(HEIGHT - _MARGIN - share * (HEIGHT - 2 * _MARGIN))
