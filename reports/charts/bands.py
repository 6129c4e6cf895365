"""Many readings over days: for each stretch the median, the middle half and the extremes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils.safestring import SafeString

from reports.charts.frame import Frame, Size, frame_for
from reports.charts.marks import mark
from reports.charts.ranges import Range, Target
from reports.charts.svg import element, picture

# What stands in a quantile where the sensor said Low or High: the store's percentiles pick readings, never between.
BELOW_SCALE, ABOVE_SCALE = 0, 1000


@dataclass(frozen=True, slots=True)
class Bucket:
    """``begins`` is a time of the patient's clock, without a zone. The five numbers are readings of the stretch, in
    mg/dL, or BELOW_SCALE and ABOVE_SCALE."""

    begins: datetime
    count: int
    lowest: int
    quarter: int
    median: int
    three_quarters: int
    highest: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days that are shown: ``days`` from midnight of ``first`` on, in stretches of ``step``."""

    first: datetime
    days: int
    step: timedelta

    def share(self, local: datetime) -> float:
        return (local - self.first) / timedelta(days=self.days)


def flag_of(value: int) -> int:
    return -1 if value <= BELOW_SCALE else 1 if value >= ABOVE_SCALE else 0


def band_chart(
    name: str,
    buckets: Sequence[Bucket],
    calendar: Calendar,
    *,
    unit: str,
    target: Target,
    size: Size,
    description: str,
) -> SafeString:
    highest = max((min(bucket.highest, 400) for bucket in buckets), default=0)
    frame = frame_for(size, unit, target, highest)
    return picture(
        name,
        width=size.width,
        height=size.height,
        title=f"Glucose over {calendar.days} days in {unit}",
        description=description,
        children=[
            *frame.background(),
            *frame.time_ticks(list(_day_ticks(calendar, size))),
            *(part for bucket in buckets for part in _band(bucket, calendar, frame, target)),
        ],
    )


def _band(bucket: Bucket, calendar: Calendar, frame: Frame, target: Target) -> Iterator[SafeString]:
    width = frame.x(calendar.step / timedelta(days=calendar.days)) - frame.plot_left
    x = frame.x(calendar.share(bucket.begins + calendar.step / 2))
    yield from _bar("extent", x, max(width * 0.2, 1.2), bucket.lowest, bucket.highest, frame, target)
    yield from _bar("middle", x, max(width * 0.7, 2.0), bucket.quarter, bucket.three_quarters, frame, target)
    y = frame.y(bucket.median, flag_of(bucket.median))
    half = max(width * 0.42, 1.4)
    yield element("line", class_="chart-median", x1=x - half, x2=x + half, y1=y, y2=y)
    for value in (bucket.lowest, bucket.highest):
        if flag := flag_of(value):
            yield mark(x, frame.y(value, flag), target.classify(value, flag), 2.4)


def _bar(
    kind: str, x: float, width: float, lower: int, upper: int, frame: Frame, target: Target
) -> Iterator[SafeString]:
    """From one value up to another, cut at the limits of the ranges; a value off the scale reaches to the edge."""
    for part, begin, end in _cut(lower, upper, target):
        bottom, top = frame.y(begin, flag_of(begin)), frame.y(end, flag_of(end))
        yield element(
            "rect",
            class_=f"range-{part.value} band-{kind}",
            x=x - width / 2,
            y=top,
            width=width,
            height=max(bottom - top, 1.0),
        )


def _cut(lower: int, upper: int, target: Target) -> Iterator[tuple[Range, int, int]]:
    edges = [lower, *(limit for limit in target.limits if lower < limit < upper), upper]
    for begin, end in pairwise(edges):
        yield target.classify((begin + end) / 2, flag_of(begin) if begin == end else 0), begin, end


def _day_ticks(calendar: Calendar, size: Size) -> Iterator[tuple[float, str, str]]:
    """Every day of two weeks, every week of three months; on phones half as many."""
    every = (1 if calendar.days <= 14 else 7) * (2 if size.narrow else 1)
    if size.narrow and calendar.days <= 14:
        every = 3
    for day in range(0, calendar.days, every):
        local = calendar.first + timedelta(days=day)
        first_of_month = local.day <= every
        yield (
            calendar.share(local),
            f"{local:%a} {local.day}" if calendar.days <= 14 else f"{local.day} {local:%b}",
            f"{local:%b %Y}" if day == 0 else f"{local:%b}" if first_of_month and calendar.days <= 14 else "",
        )
