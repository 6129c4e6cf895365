"""Daily profiles: the last two weeks of the period, a small plot for each day from midnight to midnight."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from analytics.daily import DailyProfile
from analytics.ranges import RangeLimits
from analytics.summary import Analysis
from analytics.trace import MINUTE, Floats
from reports.charts.ranges import percent_words
from reports.glucose.windows import Window
from reports.glucose_report.content import Day, DaysSection, Label, Plot, Shape
from reports.glucose_report.geometry import Scale, band, box, level_line, plain_line, runs
from reports.glucose_report.language import Language
from reports.glucose_report.sections.limits import limit_words, zones_of

SHOWN = 14
SCALE = Scale(0.0, 350.0)
MINUTES = 1440
SHORTEST_GAP = 20
# More points than these cannot be told apart in a plot this wide: of each ten minutes the extremes are kept.
MOST_POINTS, COLUMNS = 300, 144
SATURDAY = 5


def days_section(analysis: Analysis, window: Window, unit: str, words: Language, missing: str) -> DaysSection:
    by_day = {profile.day: profile for profile in analysis.days}
    first = max(window.first, window.last - timedelta(days=SHOWN - 1))
    days = [first + timedelta(days=number) for number in range((window.last - first).days + 1)]
    description = words.say("Each box is a day from midnight to midnight, with its share in range and its average")
    if window.days > SHOWN:
        description = words.say("The last {count} days, each from midnight to midnight", count=SHOWN)
    return DaysSection(
        title=words.say("Daily glucose profiles"),
        description=description,
        days=() if missing else tuple(_day(day, by_day.get(day), analysis, unit, words) for day in days),
        missing=missing,
    )


def _day(day: date, profile: DailyProfile | None, analysis: Analysis, unit: str, words: Language) -> Day:
    limits = analysis.goals.limits
    mean = in_range = ""
    told = missing = words.say("No readings")
    if profile is not None:
        times = profile.times
        missing = ""
        share = percent_words(times.in_range, times.whole_percents()["in_range"]).removesuffix("%")
        in_range = words.say("{share} in range", share=words.percent(share))
        mean = f"Ø {words.glucose(profile.mean, unit)}"
        told = words.say("{share} in range, average {mean} {unit}", share=words.percent(share),
                         mean=words.glucose(profile.mean, unit), unit=unit)  # fmt: skip
    weekday, shown = words.weekday(day), words.day_and_month(day)
    return Day(
        weekday=weekday,
        date=shown,
        mean=mean,
        in_range=in_range,
        plot=Plot(
            shapes=tuple(_shapes(profile, analysis)),
            left=tuple(Label(SCALE.at(one.mg_dl), limit_words(one, unit, words)) for one in (limits.low, limits.high)),
            description=f"{weekday} {shown}: {told}",
        ),
        missing=missing,
        is_weekend=day.weekday() >= SATURDAY,
    )


def _shapes(profile: DailyProfile | None, analysis: Analysis) -> Iterator[Shape]:
    limits = analysis.goals.limits
    yield box(limits.low.mg_dl, limits.high.mg_dl, SCALE, "target")
    for value in (SCALE.bottom, SCALE.top):
        yield level_line(value, SCALE, "frame")
    if profile is not None:
        minutes, glucose = _thinned(profile.minutes, profile.glucose)
        gap = max(SHORTEST_GAP, 2.5 * _interval(profile)) / MINUTES
        for part in runs(minutes / MINUTES, glucose, gap):
            yield from _run(minutes[part] / MINUTES, glucose[part], limits)


def _interval(profile: DailyProfile) -> float:
    return float(np.median(np.diff(profile.instants))) / MINUTE if len(profile.instants) > 1 else 0.0


def _run(xs: Floats, glucose: Floats, limits: RangeLimits) -> Iterator[Shape]:
    low, high = limits.low.mg_dl, limits.high.mg_dl
    if len(xs) == 1:
        xs, glucose = np.r_[xs, xs + 0.004], np.r_[glucose, glucose]
    zones = zones_of(limits)
    xs_low, below = xs, np.full(len(xs), low)
    yield from band(xs_low, np.minimum(glucose, low), below, zones[:2], SCALE, "beyond")
    yield from band(xs, np.full(len(xs), high), np.maximum(glucose, high), zones[3:], SCALE, "beyond")
    yield plain_line(xs, glucose, SCALE, "trace")


def _thinned(minutes: Floats, glucose: Floats) -> tuple[Floats, Floats]:
    if len(minutes) <= MOST_POINTS:
        return minutes, glucose
    columns = (minutes * COLUMNS / MINUTES).astype(np.int64)
    starts = np.flatnonzero(np.diff(columns, prepend=-1))
    kept = []
    for begin, end in zip(starts.tolist(), [*starts[1:].tolist(), len(minutes)], strict=True):
        part = glucose[begin:end]
        kept += sorted({begin + int(part.argmin()), begin + int(part.argmax())})
    return minutes[kept], glucose[kept]
