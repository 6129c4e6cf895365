"""Every number that the analytics have of a period, each with what it says, and the hours of the day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from audit.services import record_look
from patients.models import Patient
from reports.alarm_board.access import require
from reports.clinic import current_clinic
from reports.glucose import last_days
from reports.glucose.results import agp_json
from reports.patient.definitions import GROUPS, Definition
from reports.patient.figures import NOTHING, told_figure
from reports.patient.head import head_of
from reports.patient.periods import DAYS, chosen_days

VIEW = "readings.view_glucosereading"
SEEN = "analytics.agp"
PERCENTILES = ("p05", "p25", "p50", "p75", "p95")


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Hour:
    words: str
    count: int
    values: tuple[str, ...]


def statistics_page(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    require(request, VIEW)
    record_look(kind=SEEN, object_id=patient.code, patient_id=patient.pk)
    context |= head_of(request, patient, "statistics")
    days, unit = chosen_days(request), current_clinic(request).glucose_unit
    window = last_days(patient, days)
    # What REST answers, and nothing computed beside it.
    found: dict[str, Any] = msgspec.json.decode(agp_json(patient, window, unit))
    context |= {
        "title": f"Statistics of {patient}",
        "days": days,
        "periods": DAYS,
        "window": window,
        "found": found,
        "groups": [(title, [_line(one, found, unit) for one in group]) for title, group in GROUPS],
        "hours": [_hour(hour, unit) for hour in found["hours"]],
    }
    return TemplateResponse(request, "workplace/patient_statistics.html", context)


def _line(definition: Definition, found: dict[str, Any], unit: str) -> Line:
    value: Any = found
    for name in definition.path:
        value = None if value is None else value[name]
    return Line(definition.label, _told(value, definition, unit), definition.meaning)


def _told(value: Any, definition: Definition, unit: str) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    if definition.unit == "count":
        return f"{value:,}"
    shown = definition.unit.replace("glucose", unit)
    if definition.unit == "glucose" or definition.unit == "%":
        return told_figure(value, shown)
    return f"{value:g} {shown}".rstrip()


def _hour(hour: dict[str, Any], unit: str) -> Hour:
    """As measured, not smoothed as the curve is."""
    begins = hour["hour"]
    values = tuple(told_figure(hour[name], unit).removesuffix(unit).strip() for name in PERCENTILES)
    return Hour(f"{begins:02d}:00 to {begins + 1:02d}:00", hour["count"], values)
