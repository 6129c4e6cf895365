"""The three figures of the sheet, each with its goal."""

from __future__ import annotations

from analytics.goals import Goals
from analytics.summary import Analysis
from reports.glucose_report.content import Metric, MetricsSection
from reports.glucose_report.language import Language
from tenancy.models import GlucoseUnit

# The sheet's goal in mmol/L is a figure of its own: 154 mg/dL would be rounded to 8.5.
MEAN_GOAL_MMOL_L = {154.0: 8.6}


def metrics_section(analysis: Analysis, unit: str, words: Language, missing: str) -> MetricsSection:
    centre, goals = analysis.centre, analysis.goals
    return MetricsSection(
        title=words.say("Glucose metrics"),
        metrics=(
            Metric(
                words.say("Average glucose"),
                _or_dash(None if centre.mean is None else words.glucose(centre.mean, unit)),
                unit,
                _goal("<", _mean_goal(goals, unit, words), words),
            ),
            Metric(
                words.say("Glucose management indicator (GMI)"),
                _or_dash(None if centre.gmi is None else words.decimal(centre.gmi)),
                "%",
                _percent_goal("<", goals.gmi_below, words),
                "" if centre.gmi_mmol_mol is None else f"{round(centre.gmi_mmol_mol)} mmol/mol",
            ),
            Metric(
                words.say("Glucose variability (CV)"),
                _or_dash(None if centre.cv is None else words.decimal(centre.cv)),
                "%",
                _percent_goal("≤", goals.cv_at_most, words),
                words.say("Standard deviation as a share of the average"),
            ),
        ),
        notes=_notes(analysis, unit, words),
        missing=missing,
    )


def _notes(analysis: Analysis, unit: str, words: Language) -> tuple[str, ...]:
    centre = analysis.centre
    readings = words.say_many("{count} reading", "{count} readings", centre.count)
    if centre.sd is not None:
        deviation = words.say("Standard deviation {number} {unit}", number=words.glucose(centre.sd, unit), unit=unit)
        readings = f"{deviation} · {readings}"
    if analysis.sufficiency.lows_and_cv_allowed:
        return (readings,)
    return readings, words.say("Low glucose and CV need 28 days or more to be reliable.")


def _mean_goal(goals: Goals, unit: str, words: Language) -> str:
    if goals.mean_below is None:
        return ""
    if unit == GlucoseUnit.MMOL_L and goals.mean_below in MEAN_GOAL_MMOL_L:
        return f"{words.decimal(MEAN_GOAL_MMOL_L[goals.mean_below])} {unit}"
    return f"{words.glucose(goals.mean_below, unit)} {unit}"


def _percent_goal(sign: str, goal: float | None, words: Language) -> str:
    return _goal(sign, "" if goal is None else words.percent(f"{goal:g}"), words)


def _goal(sign: str, number: str, words: Language) -> str:
    return number and words.say("Goal: {sign} {number}", sign=sign, number=number)


def _or_dash(number: str | None) -> str:
    return "–" if number is None else number  # noqa: RUF001 - no value
