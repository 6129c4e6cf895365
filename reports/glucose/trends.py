"""One metric of the clinic, day by day, and against the period before."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec

from analytics.summary import DEFINITION_VERSION
from reports.glucose.clinic import Sums, sums_of_days, together
from reports.glucose.kept import kept
from reports.glucose.numbers import In, number
from tenancy.scope import current_scope

KEPT_SECONDS = 300

PERIODS = {"1d": 1, "7d": 7, "14d": 14, "30d": 30, "90d": 90}
Value = Callable[[Sums, In], float | None]

METRICS: dict[str, Value] = {
    "mean": lambda sums, told: told.glucose(sums.mean),
    "gmi": lambda sums, _: number(sums.gmi),
    "cv": lambda sums, _: number(sums.cv),
    "timeInRange": lambda sums, _: number(sums.percent("in_range")),
    "timeInTightRange": lambda sums, _: number(sums.percent("tight")),
    "timeVeryLow": lambda sums, _: number(sums.percent("very_low")),
    "timeBelow": lambda sums, _: number(sums.percent("below")),
    "timeAbove": lambda sums, _: number(sums.percent("above")),
    "timeVeryHigh": lambda sums, _: number(sums.percent("very_high")),
    "activePercent": lambda sums, _: number(sums.active_percent),
    "readings": lambda sums, _: float(sums.readings),
}


def trend_of(metric: str, period: str, *, today: date, unit: str) -> dict[str, Any]:
    """Whole days that end yesterday: today would be held against whole ones."""
    days, told, value = PERIODS[period], In(unit), METRICS[metric]
    last = today - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    found = sums_of_days(first - timedelta(days=days), last)
    now = together(sums for day, sums in found.items() if day >= first)
    before = together(sums for day, sums in found.items() if day < first)
    shown, former = (value(sums, told) if sums.readings else None for sums in (now, before))
    return {
        "metric": metric,
        "unit": unit,
        "definitionVersion": DEFINITION_VERSION,
        "first": first.isoformat(),
        "last": last.isoformat(),
        "points": [
            {"day": day.isoformat(), "value": value(sums, told), "patients": sums.patient_days}
            for day, sums in found.items()
            if day >= first
        ],
        "value": shown,
        "previous": former,
        "change": None if shown is None or former is None else round(shown - former, 2),
        "patientDays": now.patient_days,
        "previousPatientDays": before.patient_days,
    }


def trend_json(metric: str, period: str, *, today: date, unit: str) -> bytes:
    """The same, five minutes old at most."""

    def make() -> bytes:
        return msgspec.json.encode(trend_of(metric, period, today=today, unit=unit))

    return kept(f"trends/{_whose()}/{period}/{metric}/{unit}", f"{today}/{int(time.time()) // KEPT_SECONDS}", make)


def _whose() -> str:
    """Who is limited to their patients has figures of their own."""
    scope = current_scope()
    return hashlib.sha256((scope.patient_line() if scope else "").encode()).hexdigest()
