"""The National Early Warning Score 2: how ill an adult seems by seven observations made at one time.

Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017, charts 1 and 2. It is made for
people of 16 and older who are not pregnant, and it supports clinical judgement without replacing it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Consciousness(StrEnum):
    ALERT = "alert"
    CONFUSION = "confusion"
    VOICE = "voice"
    PAIN = "pain"
    UNRESPONSIVE = "unresponsive"


class SpO2Scale(StrEnum):
    """``HYPERCAPNIC``: scale 2, for a confirmed hypercapnic respiratory failure with a target of 88 to 92 %, and only
    where a competent clinician decided so."""

    STANDARD = "1"
    HYPERCAPNIC = "2"


class Parameter(StrEnum):
    RESPIRATORY_RATE = "respiratory_rate"
    BLOOD_OXYGEN = "blood_oxygen"
    OXYGEN_THERAPY = "oxygen_therapy"
    SYSTOLIC_PRESSURE = "systolic_pressure"
    HEART_RATE = "heart_rate"
    CONSCIOUSNESS = "consciousness"
    BODY_TEMPERATURE = "body_temperature"


class Risk(StrEnum):
    LOW = "low"
    LOW_MEDIUM = "low-medium"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Observations:
    """Made at one time; None where one was not made. breaths/min, %, mmHg, beats/min, °C."""

    respiratory_rate: float | None = None
    blood_oxygen: float | None = None
    on_oxygen: bool | None = None
    systolic_pressure: float | None = None
    heart_rate: float | None = None
    consciousness: Consciousness | None = None
    body_temperature: float | None = None
    scale: SpO2Scale = SpO2Scale.STANDARD


@dataclass(frozen=True, slots=True)
class News2:
    """``parts``: the points of each observation that was made. ``total`` and ``risk`` are None where one is missing:
    a score of fewer than seven observations would look better than the patient is."""

    parts: Mapping[Parameter, int]
    missing: tuple[Parameter, ...]
    total: int | None
    risk: Risk | None


# The highest value of each band of the chart, with its points; the last band has no end.
Bands = Sequence[tuple[float, int]]
RESPIRATORY_RATE: Bands = ((8, 3), (11, 1), (20, 0), (24, 2), (math.inf, 3))
BLOOD_OXYGEN: Bands = ((91, 3), (93, 2), (95, 1), (math.inf, 0))
BLOOD_OXYGEN_HYPERCAPNIC_ON_AIR: Bands = ((83, 3), (85, 2), (87, 1), (math.inf, 0))
BLOOD_OXYGEN_HYPERCAPNIC_ON_OXYGEN: Bands = ((83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), (math.inf, 3))
SYSTOLIC_PRESSURE: Bands = ((90, 3), (100, 2), (110, 1), (219, 0), (math.inf, 3))
HEART_RATE: Bands = ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (math.inf, 3))
BODY_TEMPERATURE: Bands = ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (math.inf, 2))

ON_OXYGEN_POINTS = 2
NOT_ALERT_POINTS = 3


def news2(made: Observations) -> News2:
    points = {
        Parameter.RESPIRATORY_RATE: _points(made.respiratory_rate, RESPIRATORY_RATE),
        Parameter.BLOOD_OXYGEN: _blood_oxygen_points(made),
        Parameter.OXYGEN_THERAPY: None if made.on_oxygen is None else ON_OXYGEN_POINTS * made.on_oxygen,
        Parameter.SYSTOLIC_PRESSURE: _points(made.systolic_pressure, SYSTOLIC_PRESSURE),
        Parameter.HEART_RATE: _points(made.heart_rate, HEART_RATE),
        Parameter.CONSCIOUSNESS: _consciousness_points(made.consciousness),
        Parameter.BODY_TEMPERATURE: _points(made.body_temperature, BODY_TEMPERATURE, decimals=1),
    }
    parts = {parameter: each for parameter, each in points.items() if each is not None}
    missing = tuple(parameter for parameter, each in points.items() if each is None)
    total = None if missing else sum(parts.values())
    return News2(MappingProxyType(parts), missing, total, _risk(total, parts.values()))


def _blood_oxygen_points(made: Observations) -> int | None:
    if made.scale is SpO2Scale.STANDARD:
        return _points(made.blood_oxygen, BLOOD_OXYGEN)
    if made.on_oxygen is None:
        # 88 to 92 % and less count alike with and without oxygen, more does not.
        on_air = _points(made.blood_oxygen, BLOOD_OXYGEN_HYPERCAPNIC_ON_AIR)
        return on_air if on_air == _points(made.blood_oxygen, BLOOD_OXYGEN_HYPERCAPNIC_ON_OXYGEN) else None
    return _points(
        made.blood_oxygen,
        BLOOD_OXYGEN_HYPERCAPNIC_ON_OXYGEN if made.on_oxygen else BLOOD_OXYGEN_HYPERCAPNIC_ON_AIR,
    )


def _consciousness_points(consciousness: Consciousness | None) -> int | None:
    return None if consciousness is None else NOT_ALERT_POINTS * (consciousness is not Consciousness.ALERT)


def _points(value: float | None, bands: Bands, *, decimals: int = 0) -> int | None:
    if value is None:
        return None
    # The chart knows whole numbers, and tenths of a degree: as somebody would write it down.
    step = 10**decimals
    written = math.floor(round(value * step, 6) + 0.5) / step
    return next(points for until, points in bands if written <= until)


def _risk(total: int | None, points: Collection[int]) -> Risk | None:
    if total is None:
        return None
    if total >= 7:
        return Risk.HIGH
    if total >= 5:
        return Risk.MEDIUM
    return Risk.LOW_MEDIUM if 3 in points else Risk.LOW
