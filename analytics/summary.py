"""Everything at once: what a clinic is told about a person's window of readings."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.agp import Agp, agp
from analytics.centre import Centre, centre
from analytics.daily import DailyProfile, daily_profiles
from analytics.episodes import Episodes, all_episodes
from analytics.excursions import Mage, mage
from analytics.goals import GOALS, Goals, Preset
from analytics.grade import Grade, grade
from analytics.gri import Gri, gri
from analytics.ranges import STANDARD, TimesInRanges, times_in_ranges
from analytics.risk import Risk, risk
from analytics.sensor_use import SensorUse, Sufficiency, sensor_use, sufficiency
from analytics.trace import Trace
from analytics.variability import Variability, variability

# Raised with every change after which the same readings may give another number; docs/analytics.md lists them.
DEFINITION_VERSION = "1"


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """``since``, ``until``: milliseconds since 1970, the latter not included. ``zone``: whose days and hours count.
    ``times``, ``days`` and ``episodes`` go by the limits of ``goals``; what is defined by the standard ones alone (the
    glycemia risk index, COGI) always goes by those."""

    definition_version: str
    since: int
    until: int
    zone: str
    preset: Preset
    goals: Goals
    use: SensorUse
    sufficiency: Sufficiency
    centre: Centre
    times: TimesInRanges
    gri: Gri | None
    risk: Risk
    variability: Variability
    mage: Mage
    grade: Grade | None
    episodes: Episodes
    agp: Agp
    days: list[DailyProfile]


def analyse(trace: Trace, since: int, until: int, preset: Preset = Preset.ADULT) -> Analysis:
    """Of the readings from ``since`` on and before ``until``; all is computed from that window alone."""
    goals = GOALS[preset]
    trace = trace.between(since, until)
    times = times_in_ranges(trace, goals.limits)
    standard_times = times if goals.limits == STANDARD else times_in_ranges(trace)
    use = sensor_use(trace, since, until)
    return Analysis(
        definition_version=DEFINITION_VERSION,
        since=since,
        until=until,
        zone=trace.zone.key,
        preset=preset,
        goals=goals,
        use=use,
        sufficiency=sufficiency(use),
        centre=centre(trace),
        times=times,
        gri=gri(standard_times),
        risk=risk(trace),
        variability=variability(trace),
        mage=mage(trace),
        grade=grade(trace),
        episodes=all_episodes(trace, goals.limits),
        agp=agp(trace),
        days=daily_profiles(trace, goals.limits),
    )
