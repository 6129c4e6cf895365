"""Single readings over hours: a line with gaps, a mark for each reading, Low and High at the edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from reports.charts.frame import Frame, Size, frame_for
from reports.charts.marks import mark
from reports.charts.ranges import Range, Target
from reports.charts.svg import element, number, picture, text

SHORTEST_GAP = timedelta(minutes=20)
ROOM_FOR_WORD = 44


@dataclass(frozen=True, slots=True)
class Point:
    """``flag`` -1 or 1: the sensor said Low or High; ``glucose`` is then no value and is never drawn or told."""

    at: datetime
    glucose: int
    flag: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    since: datetime
    until: datetime
    zone: ZoneInfo

    def share(self, instant: datetime) -> float:
        return (instant - self.since) / (self.until - self.since)


def gap_limit(reading_interval_seconds: int) -> timedelta:
    """Beyond this, no line joins two readings: 20 minutes, or more for sensors that measure more seldom."""
    return max(SHORTEST_GAP, timedelta(seconds=2.5 * reading_interval_seconds))


def trace_chart(
    name: str,
    points: Sequence[Point],
    window: Window,
    *,
    unit: str,
    target: Target,
    gap: timedelta,
    size: Size,
    description: str,
) -> SafeString:
    """``points`` oldest first, all inside ``window``."""
    highest = max((point.glucose for point in points if not point.flag), default=0)
    if any(point.flag > 0 for point in points):
        highest = 400
    frame = frame_for(size, unit, target, highest)
    return picture(
        name,
        width=size.width,
        height=size.height,
        title=f"Glucose over 24 hours in {unit}",
        description=description,
        children=[
            *frame.background(),
            *frame.time_ticks(list(hour_ticks(window, 6 if size.narrow else 3))),
            *_lines(points, frame, window, gap),
            *_marks(points, frame, window, target),
            *_edge_words(points, frame, window),
        ],
    )


def runs(points: Sequence[Point], gap: timedelta) -> Iterator[list[Point]]:
    """Stretches that a line may join: no gap inside, and no Low or High, whose value nobody knows."""
    run: list[Point] = []
    for point in points:
        if run and (point.flag or point.at - run[-1].at > gap):
            yield run
            run = []
        if not point.flag:
            run.append(point)
    if run:
        yield run


def _lines(points: Sequence[Point], frame: Frame, window: Window, gap: timedelta) -> Iterator[SafeString]:
    for run in runs(points, gap):
        if len(run) > 1:
            joined = " ".join(
                f"{number(frame.x(window.share(point.at)))},{number(frame.y(point.glucose))}" for point in run
            )
            yield element("polyline", class_="chart-line", points=joined)


def _marks(points: Sequence[Point], frame: Frame, window: Window, target: Target) -> Iterator[SafeString]:
    radius = 2.0 if frame.size.narrow else 2.6
    for point in points:
        x, y = frame.x(window.share(point.at)), frame.y(point.glucose, point.flag)
        yield mark(x, y, target.classify(point.glucose, point.flag), radius * (1.4 if point.flag else 1))


def _edge_words(points: Sequence[Point], frame: Frame, window: Window) -> Iterator[SafeString]:
    """The word before the first mark of a stretch of Low or High, unless that place is taken by other marks."""
    last: dict[int, float] = {}
    for point in points:
        if point.flag:
            x = frame.x(window.share(point.at))
            if x - last.get(point.flag, -ROOM_FOR_WORD) >= ROOM_FOR_WORD:
                yield _edge_word(point.flag, x, frame)
            last[point.flag] = x


def _edge_word(flag: int, x: float, frame: Frame) -> SafeString:
    name = Range.VERY_LOW if flag < 0 else Range.VERY_HIGH
    begins_the_plot = x < frame.plot_left + 36
    return text(
        "Low" if flag < 0 else "High",
        class_=f"chart-edge text-{name.value}",
        x=x if begins_the_plot else x - 7,
        y=frame.y(0, flag) + (4 if not begins_the_plot else -7 if flag < 0 else 16),
        text_anchor="start" if begins_the_plot else "end",
    )


def hour_ticks(window: Window, every: int) -> Iterator[tuple[float, str, str]]:
    """Full hours of the patient's clock; on the day that the clocks change an hour may be missing or stand twice."""
    instant = window.since.replace(minute=0, second=0, microsecond=0)
    first = True
    while instant <= window.until:
        local = instant.astimezone(window.zone)
        if instant >= window.since and local.hour % every == 0 and local.minute == 0:
            day = f"{local:%a} {local.day} {local:%b}" if first or local.hour == 0 else ""
            yield window.share(instant), f"{local:%H:%M}", day
            first = False
        instant += timedelta(minutes=15)
