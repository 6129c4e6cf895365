"""The profile of a day: five percentiles by the hour, cut where a range ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analytics.agp import PERCENTILES
from analytics.ranges import RangeLimits
from analytics.summary import Analysis
from analytics.trace import Floats
from reports.glucose_report.content import CurveSection, Label, Plot, Shape
from reports.glucose_report.geometry import Scale, band, level_line, line, plain_line, runs, spread
from reports.glucose_report.language import Language
from reports.glucose_report.sections.limits import limit_words, limits_in_order, zones_of
from tenancy.models import GlucoseUnit

LOWEST, HIGHEST = 0.0, 350.0
SCALE = Scale(LOWEST, HIGHEST)
TOP_WORDS = {GlucoseUnit.MG_DL: "350", GlucoseUnit.MMOL_L: "19.4"}
# Least distance between two labels, as a share of the plot's height.
LABEL = 0.05
TOLD_HOURS = (0, 6, 12, 18)


def curve_section(analysis: Analysis, unit: str, words: Language, missing: str) -> CurveSection:
    return CurveSection(
        title=words.say("Ambulatory glucose profile"),
        description=words.say("Median and percentiles of all readings of the period, by the time of day"),
        unit=unit,
        plot=None if missing else curve_plot(analysis, unit, words),
        missing=missing,
    )


def curve_plot(analysis: Analysis, unit: str, words: Language) -> Plot:
    hours, percentiles = _over_the_day(analysis.agp.smoothed)
    shapes = [
        *_grid(),
        *_bands(hours, percentiles, analysis.goals.limits),
        *_limits(analysis.goals.limits),
        *_medians(hours, percentiles, analysis.goals.limits),
    ]
    return Plot(
        shapes=tuple(shapes),
        left=_left(analysis.goals.limits, unit, words),
        right=_right(percentiles, words),
        bottom=tuple(Label(hour / 24, f"{hour:02d}:00") for hour in range(0, 25, 3)),
        description=_told(analysis, unit, words),
    )


def _over_the_day(smoothed: Floats) -> tuple[Floats, Floats]:
    """Each hour in its middle; the first and the last half hour come from the day's other end. Times from 0 to 1."""
    hours = np.r_[0.0, np.arange(24) + 0.5, 24.0] / 24
    midnight = (smoothed[-1] + smoothed[0]) / 2
    return hours, np.vstack([midnight, smoothed, midnight]).T


def _grid() -> Iterator[Shape]:
    for hour in range(0, 25, 3):
        yield Shape("line", "grid", [(hour / 24, 0.0), (hour / 24, 1.0)])
    yield level_line(LOWEST, SCALE, "frame")
    yield level_line(HIGHEST, SCALE, "grid")


def _bands(hours: Floats, percentiles: Floats, limits: RangeLimits) -> Iterator[Shape]:
    """Outer percentiles may be missing where the inner ones are not."""
    zones = zones_of(limits)
    for style, lower, upper in (("outer", 0, 4), ("middle", 1, 3)):
        for part in runs(hours, percentiles[lower] + percentiles[upper], 1 / 24 + 1e-6):
            yield from band(hours[part], percentiles[lower][part], percentiles[upper][part], zones, SCALE, style)
    for style, one in (("edge", 0), ("quarter", 1), ("quarter", 3), ("edge", 4)):
        for part in runs(hours, percentiles[one], 1 / 24 + 1e-6):
            yield plain_line(hours[part], percentiles[one][part], SCALE, style)


def _limits(limits: RangeLimits) -> Iterator[Shape]:
    for limit in limits_in_order(limits):
        is_target = limit in (limits.low, limits.high)
        yield level_line(limit.mg_dl, SCALE, "target" if is_target else "limit")


def _medians(hours: Floats, percentiles: Floats, limits: RangeLimits) -> Iterator[Shape]:
    for part in runs(hours, percentiles[2], 1 / 24 + 1e-6):
        yield from line(hours[part], percentiles[2][part], zones_of(limits), SCALE, "median")


def _left(limits: RangeLimits, unit: str, words: Language) -> tuple[Label, ...]:
    told = limits_in_order(limits)
    top = words.decimal(float(TOP_WORDS[GlucoseUnit(unit)]), 1 if unit == GlucoseUnit.MMOL_L else 0)
    places = spread([0.0, *(SCALE.at(limit.mg_dl) for limit in told), 1.0], LABEL)
    targets = (limits.low, limits.high)
    labels = ["0", *(limit_words(limit, unit, words) for limit in told), top]
    is_target = [False, *(limit in targets for limit in told), False]
    return tuple(Label(*one) for one in zip(places, labels, is_target, strict=True))


def _right(percentiles: Floats, words: Language) -> tuple[Label, ...]:
    """Where the curves end; one that has a gap there has no label."""
    ends = [
        (SCALE.at(value), words.percent(str(share)), share == 50)
        for share, value in zip(PERCENTILES, percentiles[:, -1].tolist(), strict=True)
        if not np.isnan(value)
    ]
    places = spread([end[0] for end in ends], LABEL)
    return tuple(Label(place, text, is_median) for place, (_, text, is_median) in zip(places, ends, strict=True))


def _told(analysis: Analysis, unit: str, words: Language) -> str:
    told = []
    for hour in TOLD_HOURS:
        low, middle, high = (float(analysis.agp.smoothed[hour, column]) for column in (1, 2, 3))
        if not np.isnan(middle):
            values = [words.glucose(value, unit) for value in (middle, low, high)]
            told.append(words.say("{hour}: median {median}, middle half {low} to {high}", hour=f"{hour:02d}–{hour + 1:02d} h",  # noqa: E501, RUF001
                                  median=values[0], low=values[1], high=values[2]))  # fmt: skip
    return f"{unit}. {'; '.join(told)}"
