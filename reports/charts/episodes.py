"""Glucose over hours or days, and below it the episodes of alarms as labelled bars, in lanes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.safestring import SafeString

from alerts.timeline import MarkKind
from reports.charts.frame import Frame, Size, frame_for
from reports.charts.marks import mark
from reports.charts.ranges import Range, Target
from reports.charts.svg import element, number, picture, text, words
from reports.charts.trace import Point, Window, hour_ticks, runs

LANE, MOST_LANES = 20, 8
# The look of a stretch, and the word that stands in it where there is room.
_BARS = {MarkKind.LATE: ("late-bar", "came late"), MarkKind.COMPRESSION: ("dip-bar", "possible compression")}
SHORTEST_BAR = 7.0
# Room that a letter of the bars' words needs.
LETTER = 6.2


@dataclass(frozen=True, slots=True)
class Bar:
    """``ends_at`` None: it goes on."""

    begins_at: datetime
    ends_at: datetime | None
    severity: str
    word: str
    told: str
    address: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Readings that came late, copies of others, dips that may be compression: beside the alarms, never one of them."""

    begins_at: datetime
    ends_at: datetime
    kind: MarkKind
    told: str


def timeline_chart(
    name: str,
    points: Sequence[Point],
    bars: Sequence[Bar],
    stretches: Sequence[Stretch],
    window: Window,
    *,
    unit: str,
    target: Target,
    gap: timedelta,
    size: Size,
    title: str,
    description: str,
) -> SafeString:
    highest = max((point.glucose for point in points if not point.flag), default=0)
    frame = frame_for(size, unit, target, 400 if any(point.flag > 0 for point in points) else highest)
    lanes = _lanes(bars, frame, window)
    rows = 1 + max((lane for lane, _ in lanes), default=-1) + bool(stretches)
    return picture(
        name,
        width=size.width,
        height=size.height + rows * LANE + 6,
        title=title,
        description=description,
        children=[
            *frame.background(),
            *frame.time_ticks(list(_ticks(window, size))),
            *_trace(points, frame, window, target, gap),
            *(_bar(bar, lane, frame, window) for lane, bar in lanes),
            *(_stretch(stretch, rows - 1, frame, window) for stretch in stretches),
        ],
    )


def thinned(points: Sequence[Point], window: Window, columns: int) -> list[Point]:
    """The lowest and the highest of each column, so that no low is lost; all of them where they are few."""
    if len(points) <= 2 * columns:
        return list(points)
    kept: dict[int, list[Point]] = {}
    for point in points:
        column = kept.setdefault(int(window.share(point.at) * columns), [point, point])
        column[0] = min(column[0], point, key=_height)
        column[1] = max(column[1], point, key=_height)
    return sorted({point for column in kept.values() for point in column}, key=lambda point: point.at)


def _height(point: Point) -> tuple[int, int]:
    return point.flag, point.glucose


def _trace(
    points: Sequence[Point], frame: Frame, window: Window, target: Target, gap: timedelta
) -> Iterator[SafeString]:
    for run in runs(points, gap):
        joined = " ".join(f"{number(frame.x(window.share(one.at)))},{number(frame.y(one.glucose))}" for one in run)
        yield element("polyline", class_="chart-line", points=joined)
    for point in points:
        name = target.classify(point.glucose, point.flag)
        if name is not Range.IN_RANGE:
            x, y = frame.x(window.share(point.at)), frame.y(point.glucose, point.flag)
            yield mark(x, y, name, 1.8 if frame.size.narrow else 2.2)


def _lanes(bars: Sequence[Bar], frame: Frame, window: Window) -> list[tuple[int, Bar]]:
    """Each bar in the first lane in which its word and it do not touch the one before; those beyond the last, in it."""
    ends: list[float] = []
    placed = []
    for bar in sorted(bars, key=lambda one: one.begins_at):
        begin, end = _extent(bar, frame, window)
        lane = next((place for place, taken in enumerate(ends) if taken < begin), len(ends))
        lane = min(lane, MOST_LANES - 1)
        reach = max(end, begin + 16 + LETTER * len(bar.word)) + 8
        if lane == len(ends):
            ends.append(reach)
        else:
            ends[lane] = max(ends[lane], reach)
        placed.append((lane, bar))
    return placed


def _extent(bar: Bar, frame: Frame, window: Window) -> tuple[float, float]:
    begin = frame.x(max(window.share(bar.begins_at), 0.0))
    end = frame.x(min(window.share(bar.ends_at or window.until), 1.0))
    return begin, max(end, begin + SHORTEST_BAR)


def _bar(bar: Bar, lane: int, frame: Frame, window: Window) -> SafeString:
    begin, end = _extent(bar, frame, window)
    y = frame.size.height + lane * LANE
    room = frame.plot_right - end
    inside = room < LETTER * len(bar.word)
    shape = element(
        "rect",
        class_=f"episode-bar severity-{bar.severity}{'' if bar.ends_at else ' is-open'}",
        x=begin,
        y=y + 3,
        width=end - begin,
        height=12,
        rx=3,
    )
    word = text(
        bar.word,
        class_="episode-word",
        x=begin - 4 if inside else end + 4,
        y=y + 13,
        text_anchor="end" if inside else "start",
    )
    # Not a stop of the Tab key: the list below the picture has the same links.
    return element("a", words("title", bar.told), shape, word, href=bar.address, tabindex="-1")


def _stretch(stretch: Stretch, lane: int, frame: Frame, window: Window) -> SafeString:
    begin = frame.x(min(max(window.share(stretch.begins_at), 0.0), 1.0))
    end = frame.x(min(max(window.share(stretch.ends_at), 0.0), 1.0))
    y = frame.size.height + lane * LANE
    if stretch.kind is MarkKind.COPIES:
        return element(
            "g", words("title", stretch.told), element("circle", class_="copy-mark", cx=begin, cy=y + 9, r=3)
        )
    width = max(end - begin, SHORTEST_BAR)
    style, said = _BARS[stretch.kind]
    shape = element("rect", class_=style, x=begin, y=y + 4, width=width, height=11)
    word = text(said, class_="episode-word", x=begin + 4, y=y + 13) if width > LETTER * len(said) else SafeString("")
    return element("g", words("title", stretch.told), shape, word)


def _ticks(window: Window, size: Size) -> Iterator[tuple[float, str, str]]:
    hours = (window.until - window.since) / timedelta(hours=1)
    if hours <= 9:
        yield from hour_ticks(window, 2 if size.narrow else 1)
    elif hours <= 30:
        yield from hour_ticks(window, 6 if size.narrow else 3)
    elif hours <= 80:
        yield from hour_ticks(window, 24 if size.narrow else 12)
    else:
        yield from _day_ticks(window, 4 if size.narrow else 2)


def _day_ticks(window: Window, every: int) -> Iterator[tuple[float, str, str]]:
    day = window.since.astimezone(window.zone).date() + timedelta(days=1)
    last = window.until.astimezone(window.zone).date()
    while day <= last:
        midnight = datetime(day.year, day.month, day.day, tzinfo=window.zone)
        yield window.share(midnight), f"{day:%a} {day.day}", f"{day:%b}"
        day += timedelta(days=every)
