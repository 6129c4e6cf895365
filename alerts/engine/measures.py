"""What rules may ask of measurements beside continuous glucose. The same numbers, units and limits as the catalogue of
``vitals`` has (a test compares them): what computes knows no tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """``number``: of the catalogue's kind; ``part``: 0 or 1, the first or second value of a pair; ``low`` and ``high``:
    what is believable, in ``unit``."""

    name: str
    number: int
    part: int
    said: str
    unit: str
    low: float
    high: float


_MEASURES = (
    Measure("heart_rate", 1, 0, "heart rate", "bpm", 10, 350),
    Measure("systolic", 2, 0, "systolic pressure", "mmHg", 40, 300),
    Measure("diastolic", 2, 1, "diastolic pressure", "mmHg", 30, 200),
    Measure("blood_oxygen", 3, 0, "blood oxygen", "%", 30, 100),
    Measure("body_temperature", 4, 0, "body temperature", "°C", 20, 46),
    Measure("respiratory_rate", 5, 0, "respiratory rate", "breaths/min", 0, 120),
    Measure("body_weight", 6, 0, "body weight", "kg", 0.2, 650),
    Measure("height", 7, 0, "height", "cm", 20, 280),
    Measure("bmi", 8, 0, "BMI", "kg/m²", 5, 100),
    Measure("body_fat_percentage", 9, 0, "body fat percentage", "%", 1, 80),
    Measure("muscle_mass", 10, 0, "muscle mass", "kg", 0.1, 200),
    Measure("bone_mass", 11, 0, "bone mass", "kg", 0.1, 20),
    Measure("water_percentage", 12, 0, "water percentage", "%", 15, 90),
    Measure("blood_glucose", 13, 0, "blood glucose", "mg/dL", 5, 3000),
    Measure("fasting_glucose", 14, 0, "fasting glucose", "mg/dL", 5, 3000),
    Measure("hba1c", 15, 0, "HbA1c", "%", 2.5, 20),
    Measure("cholesterol", 16, 0, "cholesterol", "mg/dL", 10, 2000),
    Measure("hdl_cholesterol", 17, 0, "HDL cholesterol", "mg/dL", 1, 300),
    Measure("ldl_cholesterol", 18, 0, "LDL cholesterol", "mg/dL", 1, 1500),
    Measure("triglycerides", 19, 0, "triglycerides", "mg/dL", 5, 20000),
    Measure("steps", 20, 0, "steps", "count", 0, 300000),
    Measure("active_minutes", 21, 0, "active minutes", "min", 0, 1440),
    Measure("exercise_minutes", 22, 0, "exercise minutes", "min", 0, 1440),
    Measure("calories_burned", 23, 0, "calories burned", "kcal", 0, 30000),
    Measure("resting_heart_rate", 24, 0, "resting heart rate", "bpm", 20, 250),
    Measure("vo2_max", 25, 0, "VO2 max", "mL/kg/min", 3, 110),
    Measure("sleep_quality", 26, 0, "sleep quality", "score", 1, 10),
    Measure("sleep_duration", 27, 0, "sleep duration", "min", 0, 1440),
    Measure("sleep_efficiency", 28, 0, "sleep efficiency", "%", 0, 100),
    Measure("deep_sleep_duration", 29, 0, "deep sleep duration", "min", 0, 1440),
    Measure("rem_sleep_duration", 30, 0, "REM sleep duration", "min", 0, 1440),
    Measure("sleep_score", 31, 0, "sleep score", "score", 0, 100),
    Measure("calories_consumed", 32, 0, "calories consumed", "kcal", 0, 30000),
    Measure("protein_intake", 33, 0, "protein intake", "g", 0, 2000),
    Measure("carbs_intake", 34, 0, "carbs intake", "g", 0, 5000),
    Measure("fat_intake", 35, 0, "fat intake", "g", 0, 2000),
    Measure("fiber_intake", 36, 0, "fiber intake", "g", 0, 1000),
    Measure("sugar_intake", 37, 0, "sugar intake", "g", 0, 5000),
    Measure("water_intake", 38, 0, "water intake", "mL", 0, 30000),
    Measure("stress_level", 39, 0, "stress level", "level", 1, 10),
    Measure("mood", 40, 0, "mood", "level", 1, 5),
    Measure("mood_level", 41, 0, "mood level", "level", 1, 10),
    Measure("energy_level", 42, 0, "energy level", "level", 1, 10),
    Measure("pain_level", 43, 0, "pain level", "level", 0, 10),
)

MEASURES = {measure.name: measure for measure in _MEASURES}


def value_words(metric: str, value: float | None) -> str:
    """ "heart rate 130 bpm"; empty where nothing was measured, or a version knew more kinds than this one."""
    measure = MEASURES.get(metric)
    return "" if measure is None or value is None else f"{measure.said} {round(value, 2):g} {measure.unit}"
