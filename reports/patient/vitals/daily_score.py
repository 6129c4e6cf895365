"""The newest score of a day, as the page tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from analytics.health_score import DEFINITIONS, DailyScore, ScoredPart
from patients.models import Patient
from readings.history.days import ONE_DAY
from vitals.scores.daily import daily_scores

LOOKED_AT = 7
UNITS = {
    "time_in_range": "% in range",
    "time_below_range": "% below range",
    "steps": "steps",
    "active_minutes": "active minutes",
    "sleep_hours": "hours of sleep",
    "sleep_efficiency": "% sleep efficiency",
    "resting_heart_rate": "bpm at rest",
    "systolic": "mmHg systolic",
    "diastolic": "mmHg diastolic",
    "mood": "mood of 5",
    "mood_level": "mood of 10",
    "energy_level": "energy of 10",
    "stress_level": "stress of 10",
    "pain_level": "pain of 10",
}


@dataclass(frozen=True, slots=True)
class PartRow:
    name: str
    points: int
    weight: int
    values: str
    source: str


@dataclass(frozen=True, slots=True)
class ShownScore:
    day: date
    total: int
    parts: list[PartRow]
    missing: str


def newest_daily_score(patient: Patient, today: date) -> ShownScore | None:
    """Of the last days the newest that has a score."""
    scores = daily_scores(patient, today - (LOOKED_AT - 1) * ONE_DAY, today)
    return next((_shown(day, score) for day, score in reversed(scores.items()) if score.total is not None), None)


def _shown(day: date, score: DailyScore) -> ShownScore:
    missing = ", ".join(part.value.replace("_", " ") for part in score.missing)
    return ShownScore(day, round(score.total or 0), [_row(each) for each in score.parts], missing)


def _row(scored: ScoredPart) -> PartRow:
    definition = DEFINITIONS[scored.part]
    values = ", ".join(f"{value:.0f} {UNITS[name.value]}" for name, value in scored.values.items())
    name = scored.part.value.replace("_", " ").capitalize()
    return PartRow(name, round(scored.points), definition.weight, values, definition.source)
