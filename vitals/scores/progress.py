"""How far goals are reached and what activities come to, from what is stored now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

from patients.models import Patient
from readings.history.days import ONE_DAY, day_of, start_of_day
from tenancy.scope import required_organization_id
from vitals.scores.models import Activity, Direction, Goal

MOST = 100.0
_CURRENT = """
SELECT CASE WHEN goal.adds_up THEN (
           SELECT sum(added.value) FROM vitals_measurement added
            WHERE added.organization_id = %(organization_id)s AND added.patient_id = %(patient_id)s
              AND added.metric = goal.metric AND added.measured_at >= goal.since AND added.measured_at < goal.until)
       ELSE (
           SELECT newest.value FROM vitals_measurement newest
            WHERE newest.organization_id = %(organization_id)s AND newest.patient_id = %(patient_id)s
              AND newest.metric = goal.metric AND newest.measured_at >= goal.since AND newest.measured_at < goal.until
            ORDER BY newest.measured_at DESC, newest.source_number DESC LIMIT 1)
       END
  FROM unnest(%(metrics)s::smallint[], %(add_up)s::boolean[], %(since)s::timestamptz[], %(until)s::timestamptz[])
       WITH ORDINALITY AS goal (metric, adds_up, since, until, position)
 ORDER BY goal.position
"""


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


def progress_of(goals: Sequence[Goal], patient: Patient, now: datetime) -> list[Progress]:
    """Of each goal of the patient, as of now or of its target day where that is over."""
    return [_progress(goal, value) for goal, value in zip(goals, _current(goals, patient, now), strict=True)]


def activity_score(activities: Iterable[Activity]) -> ActivityScore:
    rows = list(activities)
    return ActivityScore(
        len(rows), sum(row.seconds for row in rows) / 60, sum(row.calories_burned or 0.0 for row in rows)
    )


def _progress(goal: Goal, current: float | None) -> Progress:
    if current is None:
        return Progress(None, 0.0, is_achieved=False)
    target = goal.target_value
    if goal.direction == Direction.AT_LEAST:
        return Progress(current, max(0.0, min(MOST, MOST * current / target)), is_achieved=current >= target)
    if current <= target:
        return Progress(current, MOST, is_achieved=True)
    return Progress(current, max(0.0, MOST * target / current), is_achieved=False)


def _current(goals: Sequence[Goal], patient: Patient, now: datetime) -> list[float | None]:
    if not goals:
        return []
    windows = [_window(goal, patient.zone, now) for goal in goals]
    with connection.cursor() as cursor:
        cursor.execute(
            _CURRENT,
            {
                "organization_id": required_organization_id(),
                "patient_id": patient.pk,
                "metrics": [goal.metric for goal in goals],
                "add_up": [goal.type.is_additive for goal in goals],
                "since": [since for since, _ in windows],
                "until": [until for _, until in windows],
            },
        )
        return [value for (value,) in cursor.fetchall()]


def _window(goal: Goal, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """Of what adds up the day that counts, else all days since the goal's start."""
    day = day_of(now, zone)
    if goal.target_date is not None:
        day = min(day, goal.target_date)
    first = max(day, goal.start_date) if goal.type.is_additive else goal.start_date
    return start_of_day(first, zone), start_of_day(day + ONE_DAY, zone)
