"""The kinds of measures beside continuous glucose: their canonical units and the limits of what is believable.

Limits keep typing errors and broken sensors out; they say nothing about what is healthy. Where a source system fixes
a limit (blood pressure, scores, HbA1c) it is taken over; the others are wider than any published human value.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from django.db import models


class Category(models.TextChoices):
    VITALS = "vitals"
    BODY_COMPOSITION = "body_composition"
    BLOOD_TESTS = "blood_tests"
    ACTIVITY = "activity"
    SLEEP = "sleep"
    NUTRITION = "nutrition"
    MENTAL_WELLBEING = "mental_wellbeing"


class Metric(models.IntegerChoices):
    """Stored numbers, which stand in public ids as well: never renumber. 0 is continuous glucose (``readings``)."""

    HEART_RATE = 1, "heart_rate"
    BLOOD_PRESSURE = 2, "blood_pressure"
    BLOOD_OXYGEN = 3, "blood_oxygen"
    BODY_TEMPERATURE = 4, "body_temperature"
    RESPIRATORY_RATE = 5, "respiratory_rate"
    BODY_WEIGHT = 6, "body_weight"
    HEIGHT = 7, "height"
    BMI = 8, "bmi"
    BODY_FAT_PERCENTAGE = 9, "body_fat_percentage"
    MUSCLE_MASS = 10, "muscle_mass"
    BONE_MASS = 11, "bone_mass"
    WATER_PERCENTAGE = 12, "water_percentage"
    BLOOD_GLUCOSE = 13, "blood_glucose"
    FASTING_GLUCOSE = 14, "fasting_glucose"
    HBA1C = 15, "hba1c"
    CHOLESTEROL = 16, "cholesterol"
    HDL_CHOLESTEROL = 17, "hdl_cholesterol"
    LDL_CHOLESTEROL = 18, "ldl_cholesterol"
    TRIGLYCERIDES = 19, "triglycerides"
    STEPS = 20, "steps"
    ACTIVE_MINUTES = 21, "active_minutes"
    EXERCISE_MINUTES = 22, "exercise_minutes"
    CALORIES_BURNED = 23, "calories_burned"
    RESTING_HEART_RATE = 24, "resting_heart_rate"
    VO2_MAX = 25, "vo2_max"
    SLEEP_QUALITY = 26, "sleep_quality"
    SLEEP_DURATION = 27, "sleep_duration"
    SLEEP_EFFICIENCY = 28, "sleep_efficiency"
    DEEP_SLEEP_DURATION = 29, "deep_sleep_duration"
    REM_SLEEP_DURATION = 30, "rem_sleep_duration"
    SLEEP_SCORE = 31, "sleep_score"
    CALORIES_CONSUMED = 32, "calories_consumed"
    PROTEIN_INTAKE = 33, "protein_intake"
    CARBS_INTAKE = 34, "carbs_intake"
    FAT_INTAKE = 35, "fat_intake"
    FIBER_INTAKE = 36, "fiber_intake"
    SUGAR_INTAKE = 37, "sugar_intake"
    WATER_INTAKE = 38, "water_intake"
    STRESS_LEVEL = 39, "stress_level"
    MOOD = 40, "mood"
    MOOD_LEVEL = 41, "mood_level"
    ENERGY_LEVEL = 42, "energy_level"
    PAIN_LEVEL = 43, "pain_level"


@dataclass(frozen=True, slots=True)
class Limits:
    """Both belong to what is believable."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class MetricType:
    """``second``: limits of the second value of a pair (diastolic pressure). ``decimals``: how it is shown.

    ``is_additive``: values of a day are parts of its total (steps, intakes), not samples of a level.
    """

    metric: Metric
    category: Category
    unit: str
    limits: Limits
    decimals: int = 0
    second: Limits | None = None
    is_additive: bool = False

    @property
    def name(self) -> str:
        return str(self.metric.label)

    @property
    def is_pair(self) -> bool:
        return self.second is not None


def _type(
    metric: Metric,
    category: Category,
    unit: str,
    low: float,
    high: float,
    *,
    decimals: int = 0,
    second: tuple[float, float] | None = None,
    is_additive: bool = False,
) -> MetricType:
    return MetricType(
        metric, category, unit, Limits(low, high), decimals, Limits(*second) if second else None, is_additive
    )


_VITALS, _BODY, _BLOOD, _ACTIVITY = Category.VITALS, Category.BODY_COMPOSITION, Category.BLOOD_TESTS, Category.ACTIVITY
_SLEEP, _FOOD, _MIND = Category.SLEEP, Category.NUTRITION, Category.MENTAL_WELLBEING

_TYPES = (
    _type(Metric.HEART_RATE, _VITALS, "bpm", 10, 350),
    _type(Metric.BLOOD_PRESSURE, _VITALS, "mmHg", 40, 300, second=(30, 200)),
    _type(Metric.BLOOD_OXYGEN, _VITALS, "%", 30, 100),
    _type(Metric.BODY_TEMPERATURE, _VITALS, "°C", 20, 46, decimals=1),
    # Zero is apnoea, and somebody must hear of it.
    _type(Metric.RESPIRATORY_RATE, _VITALS, "breaths/min", 0, 120),
    _type(Metric.BODY_WEIGHT, _BODY, "kg", 0.2, 650, decimals=1),
    _type(Metric.HEIGHT, _BODY, "cm", 20, 280, decimals=1),
    _type(Metric.BMI, _BODY, "kg/m²", 5, 100, decimals=1),
    _type(Metric.BODY_FAT_PERCENTAGE, _BODY, "%", 1, 80, decimals=1),
    _type(Metric.MUSCLE_MASS, _BODY, "kg", 0.1, 200, decimals=1),
    _type(Metric.BONE_MASS, _BODY, "kg", 0.1, 20, decimals=1),
    _type(Metric.WATER_PERCENTAGE, _BODY, "%", 15, 90, decimals=1),
    _type(Metric.BLOOD_GLUCOSE, _BLOOD, "mg/dL", 5, 3000),
    _type(Metric.FASTING_GLUCOSE, _BLOOD, "mg/dL", 5, 3000),
    _type(Metric.HBA1C, _BLOOD, "%", 2.5, 20, decimals=1),
    _type(Metric.CHOLESTEROL, _BLOOD, "mg/dL", 10, 2000),
    _type(Metric.HDL_CHOLESTEROL, _BLOOD, "mg/dL", 1, 300),
    _type(Metric.LDL_CHOLESTEROL, _BLOOD, "mg/dL", 1, 1500),
    _type(Metric.TRIGLYCERIDES, _BLOOD, "mg/dL", 5, 20_000),
    _type(Metric.STEPS, _ACTIVITY, "count", 0, 300_000, is_additive=True),
    _type(Metric.ACTIVE_MINUTES, _ACTIVITY, "min", 0, 1440, is_additive=True),
    _type(Metric.EXERCISE_MINUTES, _ACTIVITY, "min", 0, 1440, is_additive=True),
    _type(Metric.CALORIES_BURNED, _ACTIVITY, "kcal", 0, 30_000, is_additive=True),
    _type(Metric.RESTING_HEART_RATE, _ACTIVITY, "bpm", 20, 250),
    _type(Metric.VO2_MAX, _ACTIVITY, "mL/kg/min", 3, 110, decimals=1),
    _type(Metric.SLEEP_QUALITY, _SLEEP, "score", 1, 10),
    _type(Metric.SLEEP_DURATION, _SLEEP, "min", 0, 1440, is_additive=True),
    _type(Metric.SLEEP_EFFICIENCY, _SLEEP, "%", 0, 100),
    _type(Metric.DEEP_SLEEP_DURATION, _SLEEP, "min", 0, 1440, is_additive=True),
    _type(Metric.REM_SLEEP_DURATION, _SLEEP, "min", 0, 1440, is_additive=True),
    _type(Metric.SLEEP_SCORE, _SLEEP, "score", 0, 100),
    _type(Metric.CALORIES_CONSUMED, _FOOD, "kcal", 0, 30_000, is_additive=True),
    _type(Metric.PROTEIN_INTAKE, _FOOD, "g", 0, 2000, decimals=1, is_additive=True),
    _type(Metric.CARBS_INTAKE, _FOOD, "g", 0, 5000, decimals=1, is_additive=True),
    _type(Metric.FAT_INTAKE, _FOOD, "g", 0, 2000, decimals=1, is_additive=True),
    _type(Metric.FIBER_INTAKE, _FOOD, "g", 0, 1000, decimals=1, is_additive=True),
    _type(Metric.SUGAR_INTAKE, _FOOD, "g", 0, 5000, decimals=1, is_additive=True),
    _type(Metric.WATER_INTAKE, _FOOD, "mL", 0, 30_000, is_additive=True),
    _type(Metric.STRESS_LEVEL, _MIND, "level", 1, 10),
    # Five faces, from very unpleasant to very pleasant; mood_level is the scale of ten.
    _type(Metric.MOOD, _MIND, "level", 1, 5),
    _type(Metric.MOOD_LEVEL, _MIND, "level", 1, 10),
    _type(Metric.ENERGY_LEVEL, _MIND, "level", 1, 10),
    # The numeric rating scale begins at 0, no pain.
    _type(Metric.PAIN_LEVEL, _MIND, "level", 0, 10),
)

TYPES = MappingProxyType({each.metric: each for each in _TYPES})
BY_NAME = MappingProxyType({each.name: each for each in _TYPES})


def metric_type(name: str) -> MetricType | None:
    return BY_NAME.get(name)
