"""A daily score of 0 to 100 by an open formula: parts by piecewise-linear curves, weighted, missing parts left out.

The bounds come from published targets where there are any (``source``); how points fall between them is ours and
plainly stated. The score is a summary for conversation: it diagnoses nothing and has not been validated in a study.
A change of any number here is a new ``VERSION``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType

VERSION = "1"
LEAST_PARTS = 3
# Of a day's readings that a sensor can give: less says too little of the day (Battelino 2019).
LEAST_COVERAGE = 70.0


class Input(StrEnum):
    """Of one day: totals of what adds up, means of the rest."""

    TIME_IN_RANGE = "time_in_range"
    TIME_BELOW_RANGE = "time_below_range"
    STEPS = "steps"
    ACTIVE_MINUTES = "active_minutes"
    SLEEP_HOURS = "sleep_hours"
    SLEEP_EFFICIENCY = "sleep_efficiency"
    RESTING_HEART_RATE = "resting_heart_rate"
    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    MOOD = "mood"
    MOOD_LEVEL = "mood_level"
    ENERGY_LEVEL = "energy_level"
    STRESS_LEVEL = "stress_level"
    PAIN_LEVEL = "pain_level"


class Part(StrEnum):
    GLUCOSE = "glucose"
    ACTIVITY = "activity"
    SLEEP = "sleep"
    HEART = "heart"
    BLOOD_PRESSURE = "blood_pressure"
    WELLBEING = "wellbeing"


class Joined(StrEnum):
    """How a part follows from its inputs that are known."""

    LOWEST = "lowest"
    HIGHEST = "highest"
    MEAN = "mean"


Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """``needs_all``: without one of its inputs the part is missing."""

    weight: int
    joined: Joined
    curves: Mapping[Input, Curve]
    source: str
    needs_all: bool = False


DEFINITIONS: Mapping[Part, Definition] = MappingProxyType(
    {
        Part.GLUCOSE: Definition(
            30,
            Joined.LOWEST,
            {
                Input.TIME_IN_RANGE: ((0, 0), (50, 50), (70, 90), (100, 100)),
                Input.TIME_BELOW_RANGE: ((0, 100), (4, 80), (10, 0)),
            },
            "Targets of 70 % in range and below 4 % under 70 mg/dL: Battelino et al., Diabetes Care 2019",
            needs_all=True,
        ),
        Part.ACTIVITY: Definition(
            20,
            Joined.HIGHEST,
            {
                Input.STEPS: ((0, 0), (8000, 100)),
                Input.ACTIVE_MINUTES: ((0, 0), (21.5, 75), (43, 100)),
            },
            "8,000 steps: Paluch et al., Lancet Public Health 2022; 150 to 300 minutes a week: WHO 2020",
        ),
        Part.SLEEP: Definition(
            20,
            Joined.MEAN,
            {
                Input.SLEEP_HOURS: ((4, 0), (7, 100), (9, 100), (12, 40)),
                Input.SLEEP_EFFICIENCY: ((60, 0), (85, 100)),
            },
            "7 to 9 hours, efficiency of 85 %: National Sleep Foundation 2015 and 2017",
        ),
        Part.HEART: Definition(
            10,
            Joined.MEAN,
            {Input.RESTING_HEART_RATE: ((30, 0), (40, 100), (60, 100), (100, 20), (120, 0))},
            "Risk rises with the resting rate: Zhang et al., CMAJ 2016; the points between are ours",
        ),
        Part.BLOOD_PRESSURE: Definition(
            10,
            Joined.LOWEST,
            {
                Input.SYSTOLIC: ((70, 0), (90, 100), (120, 100), (130, 75), (140, 50), (180, 0)),
                Input.DIASTOLIC: ((40, 0), (60, 100), (80, 100), (90, 50), (120, 0)),
            },
            "Categories of ACC/AHA 2017",
            needs_all=True,
        ),
        Part.WELLBEING: Definition(
            10,
            Joined.MEAN,
            {
                Input.MOOD: ((1, 0), (5, 100)),
                Input.MOOD_LEVEL: ((1, 0), (10, 100)),
                Input.ENERGY_LEVEL: ((1, 0), (10, 100)),
                Input.STRESS_LEVEL: ((1, 100), (10, 0)),
                Input.PAIN_LEVEL: ((0, 100), (10, 0)),
            },
            "What the patient says of the day, linear on each scale; ours",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class ScoredPart:
    part: Part
    points: float
    values: Mapping[Input, float]

    @property
    def definition(self) -> Definition:
        return DEFINITIONS[self.part]


@dataclass(frozen=True, slots=True)
class DailyScore:
    """``total`` None: fewer than ``LEAST_PARTS`` parts are known."""

    total: float | None
    parts: tuple[ScoredPart, ...]
    missing: tuple[Part, ...]


def points_at(curve: Curve, value: float) -> float:
    """On the line between two corners; level beyond the first and the last."""
    if value <= curve[0][0]:
        return curve[0][1]
    for (left, low), (right, high) in pairwise(curve):
        if value <= right:
            return low + (high - low) * (value - left) / (right - left)
    return curve[-1][1]


def daily_score(values: Mapping[Input, float]) -> DailyScore:
    scored = {part: _scored(part, values) for part in Part}
    parts = tuple(each for each in scored.values() if each is not None)
    missing = tuple(part for part, each in scored.items() if each is None)
    return DailyScore(_total(parts) if len(parts) >= LEAST_PARTS else None, parts, missing)


def _scored(part: Part, values: Mapping[Input, float]) -> ScoredPart | None:
    definition = DEFINITIONS[part]
    known = {name: values[name] for name in definition.curves if name in values}
    if not known or (definition.needs_all and len(known) < len(definition.curves)):
        return None
    points = [points_at(definition.curves[name], value) for name, value in known.items()]
    return ScoredPart(part, _joined(definition.joined, points), known)


def _joined(how: Joined, points: Sequence[float]) -> float:
    if how is Joined.LOWEST:
        return min(points)
    return max(points) if how is Joined.HIGHEST else sum(points) / len(points)


def _total(parts: Sequence[ScoredPart]) -> float:
    weight = sum(each.definition.weight for each in parts)
    return sum(each.points * each.definition.weight for each in parts) / weight
