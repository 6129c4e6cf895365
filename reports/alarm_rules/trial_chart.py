"""Days of glucose in a small picture, with a mark for each alarm: of the rule that is tried above, of today's below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from alerts.engine.replay import Replay
from alerts.engine.trace import Reading
from reports.charts.frame import Frame, Size, frame_for
from reports.charts.ranges import Target
from reports.charts.svg import element, number, picture
from reports.charts.trace import Window

SMALL = Size(width=420, height=290, left=38, narrow=True)
STRETCHES = 240
MARK = 5.0


def trial_chart(
    name: str,
    readings: Sequence[Reading],
    period: tuple[datetime, datetime],
    tried: Replay,
    today: Replay | None,
    *,
    unit: str,
    target: Target,
    zone: ZoneInfo,
) -> SafeString:
    window = Window(*period, zone)
    frame = frame_for(SMALL, unit, target, max(reading.glucose for reading in readings))
    alarms = f"{len(tried.episodes)} alarms of the rule as written"
    if today is not None:
        alarms += f", {len(today.episodes)} of today's rule"
    return picture(
        name,
        width=SMALL.width,
        height=SMALL.height,
        title=f"Glucose in {unit} and alarms",
        description=f"{alarms}. The list beside it says when.",
        children=[
            *frame.background(),
            *frame.time_ticks(list(_day_ticks(window))),
            _extents(readings, frame, window),
            *_marks(tried, frame, window, is_today=False),
            *(_marks(today, frame, window, is_today=True) if today is not None else ()),
        ],
    )


def _extents(readings: Sequence[Reading], frame: Frame, window: Window) -> SafeString:
    """From the lowest to the highest of each stretch: days of readings are more than the picture has room for."""
    stretches: dict[int, tuple[int, int]] = {}
    for reading in readings:
        place = int(window.share(reading.measured_at) * STRETCHES)
        low, high = stretches.get(place, (reading.glucose, reading.glucose))
        stretches[place] = (min(low, reading.glucose), max(high, reading.glucose))
    path = "".join(
        f"M{number(frame.x((place + 0.5) / STRETCHES))} {number(frame.y(low) + 0.8)}V{number(frame.y(high) - 0.8)}"
        for place, (low, high) in sorted(stretches.items())
    )
    return element("path", class_="trial-extent", d=path)


def _marks(found: Replay, frame: Frame, window: Window, *, is_today: bool) -> Iterator[SafeString]:
    """Triangles: pointing down from the top, and hollow up from the bottom for today's rule."""
    for episode in found.episodes:
        x = frame.x(window.share(episode.confirmed_at))
        tip = frame.plot_bottom - 10 if is_today else frame.plot_top + 10
        base = frame.plot_bottom - 1 if is_today else frame.plot_top + 1
        points = f"{number(x - MARK)},{number(base)} {number(x + MARK)},{number(base)} {number(x)},{number(tip)}"
        yield element("polygon", class_="trial-today" if is_today else "trial-mark", points=points)


def _day_ticks(window: Window) -> Iterator[tuple[float, str, str]]:
    """At midnights of the patient's clock, at most eight."""
    days = max(1, round((window.until - window.since).days / 7))
    day = window.since.astimezone(window.zone).date() + timedelta(days=1)
    while True:
        midnight = datetime(day.year, day.month, day.day, tzinfo=window.zone)
        if midnight >= window.until:
            return
        yield window.share(midnight), f"{day.day} {day:%b}", ""
        day += timedelta(days=days)
