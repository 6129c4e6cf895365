"""What a device told of itself over days: its battery, its network and its temperature, one picture each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from devices.fleet.health import COLDEST, HOTTEST, WEAK_SIGNAL
from devices.fleet.models import HeartbeatSample
from devices.health import LOW_BATTERY_PERCENT
from reports.charts.svg import element, number, picture, text

WIDTH, HEIGHT = 460, 150
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 8, 24
# Beyond this no line joins two samples.
GAP = timedelta(minutes=50)
MOST_POINTS = 300


@dataclass(frozen=True, slots=True)
class Measure:
    """``limits``: beyond them is a warning. ``low`` and ``high``: the ends of the axis, unless values go beyond."""

    name: str
    title: str
    unit: str
    low: float
    high: float
    limits: tuple[float, ...]
    of: Callable[[HeartbeatSample], float | None]


MEASURES = (
    Measure("battery", "Battery", "%", 0, 100, (LOW_BATTERY_PERCENT,), lambda sample: sample.battery_level),
    Measure("signal", "Network", "dBm", -100, 0, (WEAK_SIGNAL,), lambda sample: sample.signal_strength),
    Measure("temperature", "Temperature", "°C", -10, 60, (COLDEST, HOTTEST), lambda sample: sample.temperature),
    Measure("memory", "Memory in use", "%", 0, 100, (90,), lambda sample: sample.memory_usage),
)
Point = tuple[datetime, float]


def charts(
    samples: Sequence[HeartbeatSample], since: datetime, until: datetime, zone: ZoneInfo
) -> list[tuple[str, SafeString]]:
    """Titles and pictures. ``samples`` oldest first. Without a picture for what the device never told."""
    told = ((measure, _points(samples, measure)) for measure in MEASURES)
    return [
        (f"{measure.title} ({measure.unit})", _chart(measure, points, since, until, zone))
        for measure, points in told
        if points
    ]


def _points(samples: Sequence[HeartbeatSample], measure: Measure) -> list[Point]:
    found = [(sample.sampled_at, value) for sample in samples if (value := measure.of(sample)) is not None]
    # Of a long time every second one, or every tenth: a line of three hundred points says as much.
    step = max(1, len(found) // MOST_POINTS)
    return found[::step]


def _chart(measure: Measure, points: Sequence[Point], since: datetime, until: datetime, zone: ZoneInfo) -> SafeString:
    low = min(measure.low, *(value for _, value in points))
    high = max(measure.high, *(value for _, value in points))

    def x(instant: datetime) -> float:
        return LEFT + (instant - since) / (until - since) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    values = [value for _, value in points]
    return picture(
        f"fleet-{measure.name}",
        width=WIDTH,
        height=HEIGHT,
        title=f"{measure.title} in {measure.unit}",
        description=f"From {number(min(values))} to {number(max(values))} {measure.unit}, last {number(values[-1])}.",
        children=[
            element(
                "rect", class_="chart-plot", x=LEFT, y=TOP, width=WIDTH - LEFT - RIGHT, height=HEIGHT - TOP - BOTTOM
            ),
            *_axis([end for end in (low, high) if _has_room(end, measure.limits, y)], "chart-grid", y),
            *_axis(measure.limits, "chart-limit", y),
            *_days(since, until, zone, x),
            *_lines(points, (until - since) / MOST_POINTS, x, y),
        ],
    )


def _has_room(end: float, limits: Sequence[float], y: Callable[[float], float]) -> bool:
    """For its label, beside those of the limits."""
    return all(abs(y(end) - y(limit)) >= 14 for limit in limits)


def _axis(values: Sequence[float], class_name: str, y: Callable[[float], float]) -> Iterator[SafeString]:
    for value in values:
        place = y(value)
        yield element("line", class_=class_name, x1=LEFT, x2=WIDTH - RIGHT, y1=place, y2=place)
        yield text(number(float(value)), class_="chart-label", x=LEFT - 6, y=place + 4, text_anchor="end")


def _days(since: datetime, until: datetime, zone: ZoneInfo, x: Callable[[datetime], float]) -> Iterator[SafeString]:
    """Midnights of the clinic; of one day, every sixth hour."""
    span = until - since
    step = timedelta(hours=6) if span <= timedelta(days=1) else timedelta(days=max(1, round(span.days / 6)))
    local = since.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    while (instant := local.astimezone(since.tzinfo)) <= until:
        if instant >= since:
            words = f"{local:%H:%M}" if step < timedelta(days=1) else f"{local.day} {local:%b}"
            place = x(instant)
            anchor = "end" if place > WIDTH - 40 else "middle"
            yield element("line", class_="chart-grid", x1=place, x2=place, y1=TOP, y2=HEIGHT - BOTTOM)
            yield text(words, class_="chart-label", x=place, y=HEIGHT - 8, text_anchor=anchor)
        local += step


def _lines(
    points: Sequence[Point], step: timedelta, x: Callable[[datetime], float], y: Callable[[float], float]
) -> Iterator[SafeString]:
    run: list[Point] = []
    for point in [*points, None]:
        if run and (point is None or point[0] - run[-1][0] > max(GAP, 3 * step)):
            joined = " ".join(f"{number(x(instant))},{number(y(value))}" for instant, value in run)
            if len(run) > 1:
                yield element("polyline", class_="chart-line", points=joined)
            else:
                yield element("circle", class_="fleet-dot", cx=x(run[0][0]), cy=y(run[0][1]), r=2)
            run = []
        if point is not None:
            run.append(point)
