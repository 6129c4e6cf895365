"""The inputs of a day's score, from the summary of its glucose and from what was measured that day."""

from __future__ import annotations

from datetime import date

from analytics.health_score import LEAST_COVERAGE, DailyScore, Input, daily_score
from patients.models import Patient
from readings.models import DaySummary
from vitals.analysis.aggregates import aggregates_of
from vitals.analysis.periods import Grain, periods_between
from vitals.catalogue import TYPES, Metric

_MEASURED = {
    Input.STEPS: Metric.STEPS,
    Input.ACTIVE_MINUTES: Metric.ACTIVE_MINUTES,
    Input.SLEEP_HOURS: Metric.SLEEP_DURATION,
    Input.SLEEP_EFFICIENCY: Metric.SLEEP_EFFICIENCY,
    Input.RESTING_HEART_RATE: Metric.RESTING_HEART_RATE,
    Input.MOOD: Metric.MOOD,
    Input.MOOD_LEVEL: Metric.MOOD_LEVEL,
    Input.ENERGY_LEVEL: Metric.ENERGY_LEVEL,
    Input.STRESS_LEVEL: Metric.STRESS_LEVEL,
    Input.PAIN_LEVEL: Metric.PAIN_LEVEL,
}
_MINUTES_OF_AN_HOUR = 60


def daily_scores(patient: Patient, first: date, last: date) -> dict[date, DailyScore]:
    """Ascending, both days included; of days of which nothing is known there is none."""
    values = inputs_of(patient, first, last)
    return {day: daily_score(values[day]) for day in sorted(values)}


def inputs_of(patient: Patient, first: date, last: date) -> dict[date, dict[Input, float]]:
    found: dict[date, dict[Input, float]] = {}
    for summary in DaySummary.objects.for_patient(patient).from_day_to(first, last):
        if glucose := _glucose(summary):
            found.setdefault(summary.day, {}).update(glucose)
    periods = periods_between(first, last, Grain.DAY, patient.zone)
    aggregates = aggregates_of(patient, [*_MEASURED.values(), Metric.BLOOD_PRESSURE], periods)
    for name, metric in _MEASURED.items():
        for each in aggregates[metric]:
            value = each.figures.sum if TYPES[metric].is_additive else each.figures.avg
            found.setdefault(each.begins_on, {})[name] = (
                value / _MINUTES_OF_AN_HOUR if name is Input.SLEEP_HOURS else value
            )
    for each in aggregates[Metric.BLOOD_PRESSURE]:
        pressure = found.setdefault(each.begins_on, {})
        pressure[Input.SYSTOLIC] = each.figures.avg
        if each.second is not None:
            pressure[Input.DIASTOLIC] = each.second.avg
    return found


def _glucose(day: DaySummary) -> dict[Input, float]:
    """None of it where the sensor gave too little of the day."""
    minutes = (day.ends_at - day.starts_at).total_seconds() / _MINUTES_OF_AN_HOUR
    if not day.count or 100 * day.count * day.interval / minutes < LEAST_COVERAGE:
        return {}
    return {
        Input.TIME_IN_RANGE: 100 * day.in_range / day.count,
        Input.TIME_BELOW_RANGE: 100 * (day.very_low + day.low) / day.count,
    }
