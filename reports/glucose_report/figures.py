"""The numbers that the report shows, computed once from the trace of its period."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.agp import Agp, agp
from analytics.centre import Centre, centre
from analytics.daily import DailyProfile, daily_profiles
from analytics.goals import GOALS, Goals, Preset
from analytics.ranges import TimesInRanges, times_in_ranges
from analytics.sensor_use import SensorUse, Sufficiency, sensor_use, sufficiency
from analytics.trace import Trace
from reports.glucose_report.subject import Period


@dataclass(frozen=True, slots=True)
class Figures:
    goals: Goals
    times: TimesInRanges
    centre: Centre
    use: SensorUse
    sufficiency: Sufficiency
    agp: Agp
    daily: tuple[DailyProfile, ...]
    interval: int


def figures_of(trace: Trace, period: Period, preset: Preset) -> Figures:
    since, until = (round(instant.timestamp() * 1000) for instant in (period.since, period.until))
    goals, inside = GOALS[preset], trace.between(since, until)
    use = sensor_use(inside, since, until)
    return Figures(
        goals=goals,
        times=times_in_ranges(inside, goals.limits),
        centre=centre(inside),
        use=use,
        sufficiency=sufficiency(use),
        agp=agp(inside),
        daily=tuple(daily_profiles(inside, goals.limits)),
        interval=inside.interval,
    )
