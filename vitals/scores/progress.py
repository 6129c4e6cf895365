"""How far goals are reached and what activities come to, from what is stored now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from patients.models import Patient
from readings.history.days import ONE_DAY, day_of, start_of_day
from vitals.analysis.aggregates import figures_between
from vitals.catalogue import Metric
from vitals.models import Measurement
from vitals.scores.models import Activity, Direction, Goal

MOST = 100.0


@dataclass(frozen=True, slots=True)
class Progress:
    """``current`` None: nothing was measured. Of what adds up over a day the day's total, else the newest value."""

    current: float | None
    percentage: float
    is_achieved: bool


@dataclass(frozen=True, slots=True)
class ActivityScore:
    count: int
    minutes: float
    calories: float

    @property
    def parts(self) -> dict[str, float]:
        return {"minutes": self.minutes / 10, "calories": self.calories / 100, "activities": 2.0 * self.count}

    @property
    def score(self) -> float:
        return min(MOST, sum(self.parts.values()))


def progress_of(goal: Goal, patient: Patient, now: datetime) -> Progress:
    """As of now, or of the target day where that is over."""
    current = _current(goal, patient, now)
    if current is None:
        return Progress(None, 0.0, is_achieved=False)
    target = goal.target_value
    if goal.direction == Direction.AT_LEAST:
        return Progress(current, max(0.0, min(MOST, MOST * current / target)), is_achieved=current >= target)
    if current <= target:
        return Progress(current, MOST, is_achieved=True)
    return Progress(current, max(0.0, MOST * target / current), is_achieved=False)


def activity_score(activities: Iterable[Activity]) -> ActivityScore:
    rows = list(activities)
    return ActivityScore(
        len(rows), sum(row.seconds for row in rows) / 60, sum(row.calories_burned or 0.0 for row in rows)
    )


def _current(goal: Goal, patient: Patient, now: datetime) -> float | None:
    zone = patient.zone
    day = day_of(now, zone)
    if goal.target_date is not None:
        day = min(day, goal.target_date)
    ends_at = start_of_day(day + ONE_DAY, zone)
    if goal.type.is_additive:
        total = figures_between(patient, Metric(goal.metric), start_of_day(max(day, goal.start_date), zone), ends_at)
        return None if total is None else total.figures.sum
    newest = (
        Measurement.objects.for_patient(patient)
        .of_metrics([Metric(goal.metric)])
        .between(start_of_day(goal.start_date, zone), ends_at)
        .newest_first()
        .first()
    )
    return None if newest is None else newest.value
