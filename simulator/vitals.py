"""Six vital signs: as they wander in somebody well, and as a demonstration shows them, stable to critical."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Values = dict[str, float]


@dataclass(frozen=True, slots=True)
class _Sign:
    """``ranges``: of who is stable; in warning and critical either side may be left: below or above."""

    name: str
    unit: str
    start: float
    step: float
    low: float
    high: float
    decimals: int
    ranges: tuple[Sequence[tuple[float, float]], ...]


SIGNS = (
    _Sign("heart_rate", "bpm", 80, 2, 60, 120, 0, (((70, 90),), ((55, 59), (101, 105)), ((40, 45), (125, 130)))),
    _Sign("body_temperature", "°C", 37, 0.1, 36, 38.5, 1,
          (((36.5, 37.2),), ((35.8, 35.9), (37.6, 37.8)), ((35.0, 35.2), (38.8, 39.0)))),
    _Sign("bp_systolic", "mmHg", 120, 3, 100, 140, 0, (((110, 130),), ((85, 89), (141, 145)), ((75, 79), (161, 165)))),
    _Sign("bp_diastolic", "mmHg", 80, 2, 60, 90, 0, (((70, 85),), ((55, 59), (91, 95)), ((45, 49), (101, 105)))),
    _Sign("blood_oxygen", "%", 98, 1, 95, 100, 0, (((96, 100),), ((92, 93),), ((85, 89),))),
    _Sign("respiratory_rate", "breaths/min", 16, 1, 12, 20, 0, (((14, 18),), ((10, 11), (21, 22)), ((8, 9), (31, 32)))),
)  # fmt: skip
UNITS = {sign.name: sign.unit for sign in SIGNS}
WARNING_AFTER, CRITICAL_AFTER = 5.0, 10.0
WARNING_SHARE, CRITICAL_SHARE = 0.3, 0.2


class Phase(enum.IntEnum):
    STABLE = 0
    WARNING = 1
    CRITICAL = 2


class Walk:
    """Each sign goes a step of chance at a time and stays within its limits."""

    def __init__(self, seed: int) -> None:
        self._chance = np.random.default_rng([seed, 20])
        self._values = np.array([sign.start for sign in SIGNS])

    def next(self) -> Values:
        steps = self._chance.uniform(-1, 1, len(SIGNS)) * [sign.step for sign in SIGNS]
        limits = [sign.low for sign in SIGNS], [sign.high for sign in SIGNS]
        self._values = np.clip(self._values + steps, *limits)
        return _plausible({sign.name: _shown(sign, value) for sign, value in zip(SIGNS, self._values, strict=True)})


def phase_of(place: int, people: int, seconds: float) -> Phase:
    """After 5 seconds 30 % of the people are in warning, after 10 another 20 % critical; at least one of each."""
    warning, critical = (max(1, round(share * people)) for share in (WARNING_SHARE, CRITICAL_SHARE))
    if seconds >= CRITICAL_AFTER and place < critical:
        return Phase.CRITICAL
    if seconds >= WARNING_AFTER and critical <= place < critical + warning:
        return Phase.WARNING
    return Phase.STABLE


def in_phase(phase: Phase, chance: np.random.Generator) -> Values:
    """Every sign within the range of the phase; all on the same side where there are two."""
    side = int(chance.integers(2))
    values = {}
    for sign in SIGNS:
        ranges = sign.ranges[phase]
        values[sign.name] = _shown(sign, chance.uniform(*ranges[min(side, len(ranges) - 1)]))
    return values


def _shown(sign: _Sign, value: float) -> float:
    return round(float(value), sign.decimals) if sign.decimals else float(round(value))


def _plausible(values: Values) -> Values:
    # Both pressures walk alone; a heart that fills has some difference between them.
    values["bp_diastolic"] = min(values["bp_diastolic"], values["bp_systolic"] - 15)
    return values
