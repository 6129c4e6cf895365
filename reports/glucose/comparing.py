"""Two windows side by side."""

from __future__ import annotations

from typing import Any

from patients.models import Patient
from reports.glucose.numbers import SHARES
from reports.glucose.results import summary_of
from reports.glucose.windows import Window

_CHANGING = ("mean", "sd", "cv", "gmi", "median")


def comparison_of(patient: Patient, window: Window, against: Window, unit: str) -> dict[str, Any]:
    now, before = summary_of(patient, window, unit), summary_of(patient, against, unit)
    return {
        "period": now,
        "against": before,
        "change": change(now, before),
        # Too few readings on either side, and a change says nothing.
        "isSound": all(side["sufficiency"]["isSufficient"] for side in (now, before)),
    }


def change(now: dict[str, Any], before: dict[str, Any]) -> dict[str, float | None]:
    shares = {
        name: _difference(now["timeInRanges"][name]["percent"], before["timeInRanges"][name]["percent"])
        for name in SHARES
    }
    others = {name: _difference(now[name], before[name]) for name in _CHANGING}
    return {
        **others,
        **shares,
        "gri": _difference(_value(now["gri"]), _value(before["gri"])),
        "activePercentOfWindow": _difference(
            now["sensorUse"]["activePercentOfWindow"], before["sensorUse"]["activePercentOfWindow"]
        ),
    }


def _value(gri: dict[str, Any] | None) -> float | None:
    return None if gri is None else gri["value"]


def _difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else round(now - before, 2)
