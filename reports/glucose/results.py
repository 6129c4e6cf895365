from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from analytics.goals import GOALS, Preset
from analytics.summary import DEFINITION_VERSION, Analysis, analyse
from patients.models import Patient
from reports.glucose.days import day_figures
from reports.glucose.documents import curve_body, head, summary_body
from reports.glucose.kept import kept
from reports.glucose.loading import trace_of
from reports.glucose.numbers import In
from reports.glucose.totals import day_body, totals_body
from reports.glucose.version import data_version
from reports.glucose.windows import Window

# Raised when answers get another form, so that none of before is given.
FORM = "1"


def analysis_of(patient: Patient, window: Window, preset: Preset | None = None) -> Analysis:
    """Everything there is to say about the window, from the readings themselves, held against the patient's goals."""
    trace = trace_of(patient, window.since, window.until)
    return analyse(trace, *window.milliseconds, preset or preset_of(patient))


def preset_of(patient: Patient) -> Preset:
    return Preset(patient.glucose_goals)


def summary_json(patient: Patient, window: Window, unit: str) -> bytes:
    """Exact up to 90 days, from the summaries of days beyond."""
    return _answer("summary", patient, window, unit, _exact_summary if window.is_exact else _long_summary)


def agp_json(patient: Patient, window: Window, unit: str) -> bytes:
    """The curve and the days, beside all that the summary says."""
    return _answer("agp", patient, window, unit, _agp)


def days_json(patient: Patient, window: Window, unit: str) -> bytes:
    return _answer("days", patient, window, unit, _days)


def summary_of(patient: Patient, window: Window, unit: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(summary_json(patient, window, unit))
    return found


def _exact_summary(patient: Patient, window: Window, told: In) -> dict[str, Any]:
    return summary_body(analysis_of(patient, window), told)


def _agp(patient: Patient, window: Window, told: In) -> dict[str, Any]:
    analysis = analysis_of(patient, window)
    return summary_body(analysis, told) | curve_body(analysis, told)


def _long_summary(patient: Patient, window: Window, told: In) -> dict[str, Any]:
    return totals_body(day_figures(patient, window), window, GOALS[preset_of(patient)].limits, told)


def _days(patient: Patient, window: Window, told: In) -> dict[str, Any]:
    figures, limits = day_figures(patient, window), GOALS[preset_of(patient)].limits
    return {
        "total": totals_body(figures, window, limits, told),
        "days": [day_body(day, limits, told) for day in figures],
    }


def _answer(
    kind: str,
    patient: Patient,
    window: Window,
    unit: str,
    body: Callable[[Patient, Window, In], dict[str, Any]],
) -> bytes:
    """What the readings come to, as JSON; kept while nothing changes that it follows from."""
    preset = preset_of(patient)
    since, until = window.milliseconds
    name = f"{patient.pk}/{kind}/{since}-{until}/{unit}"
    # The version is read before the readings: what comes in between makes the kept answer unused, not wrong.
    definitions = (FORM, DEFINITION_VERSION, preset, GOALS[preset].version, patient.code, patient.timezone)
    version = "/".join((*definitions, data_version(patient, window)))

    def make() -> bytes:
        told = In(unit)
        return msgspec.json.encode(head(patient, window, GOALS[preset], preset, told) | body(patient, window, told))

    return kept(name, version, make)
