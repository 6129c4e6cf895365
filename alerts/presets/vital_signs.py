"""Bounds of vital signs to begin with, for a clinic that switches them on: common ones of adults at rest. Both bounds
are fine; what lies beyond them is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
WARNING, CRITICAL = "warning", "critical"


@dataclass(frozen=True, slots=True)
class Bounds:
    """In the metric's unit; None: no bound on that side."""

    warning_min: float | None = None
    warning_max: float | None = None
    critical_min: float | None = None
    critical_max: float | None = None

    def of(self, level: str) -> tuple[float | None, float | None]:
        if level == CRITICAL:
            return self.critical_min, self.critical_max
        return self.warning_min, self.warning_max


VITAL_SIGNS: Mapping[str, Bounds] = {
    "heart_rate": Bounds(60, 100, 40, 120),
    "blood_oxygen": Bounds(94, 100, 90, 100),
    "body_temperature": Bounds(36.0, 37.5, 35.0, 38.5),
    "systolic": Bounds(90, 140, 80, 160),
    "diastolic": Bounds(60, 90, 50, 100),
    "respiratory_rate": Bounds(12, 20, 10, 30),
}


def condition_of(metric: str, bounds: Bounds, level: str) -> Json | None:
    """None where there is no bound. What is critical is none of the warning's: one alarm for one value."""
    breach = _breach(metric, *bounds.of(level))
    if breach is None or level == CRITICAL:
        return breach
    within = _within(metric, *bounds.of(CRITICAL))
    return breach if within is None else {"type": "all", "of": [breach, within]}


def bounds_in(condition: Any) -> tuple[float | None, float | None] | None:
    """Of a condition as ``condition_of`` makes it; None where somebody wrote another one."""
    if isinstance(condition, dict) and condition.get("type") == "all" and condition.get("of"):
        condition = condition["of"][0]
    if not isinstance(condition, dict) or condition.get("type") != "vital" or condition.get("forMinutes"):
        return None
    match condition.get("operator"):
        case "outside":
            return condition["value"], condition["valueHigh"]
        case "lt":
            return condition["value"], None
        case "gt":
            return None, condition["value"]
    return None


def _breach(metric: str, low: float | None, high: float | None) -> Json | None:
    if low is not None and high is not None:
        return _vital(metric, "outside", low, high)
    if low is not None:
        return _vital(metric, "lt", low)
    return None if high is None else _vital(metric, "gt", high)


def _within(metric: str, low: float | None, high: float | None) -> Json | None:
    if low is not None and high is not None:
        return _vital(metric, "between", low, high)
    if low is not None:
        return _vital(metric, "gte", low)
    return None if high is None else _vital(metric, "lte", high)


def _vital(metric: str, operator: str, value: float, high: float | None = None) -> Json:
    said: Json = {"type": "vital", "metric": metric, "operator": operator, "value": value}
    return said if high is None else {**said, "valueHigh": high}
