"""What stands above each of a patient's pages: who it is, the last value, and the way to the other pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from devices.models import Assignment
from patients.models import Patient
from readings.units import format_glucose
from reports.care_section import own_open_access
from reports.clinic import current_clinic
from reports.glucose_queries import states_of, target_of
from reports.wording import last_value

MOST_ASSIGNMENTS = 50
# Name of the page's address, its word, and who may open it.
TABS = (
    ("page", "Overview", "patients.view_patient"),
    ("profile", "Profile", "readings.view_glucosereading"),
    ("days", "Days", "readings.view_glucosereading"),
    ("statistics", "Statistics", "readings.view_glucosereading"),
    ("vitals", "Vitals", "vitals.view_measurement"),
    ("alarms", "Alarms", "alerts.view_episode"),
    ("devices", "Devices", "devices.view_device"),
    ("history", "Notes", "patients.view_historyentry"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    words: str
    address: str
    is_current: bool


def tabs_of(request: HttpRequest, patient: Patient, current: str) -> list[Tab]:
    return [
        Tab(words, reverse(f"admin:patients_patient_{name}", args=[patient.pk]), name == current)
        for name, words, permission in TABS
        if request.user.has_perm(permission)
    ]


def head_of(request: HttpRequest, patient: Patient, current: str) -> dict[str, Any]:
    now, unit, target = timezone.now(), current_clinic(request).glucose_unit, target_of(patient)
    assignments = list(Assignment.objects.filter(patient=patient).select_related("device")[:MOST_ASSIGNMENTS])
    state = states_of([patient.pk]).get(patient.pk)
    return {
        "title": str(patient),
        "patient": patient,
        "tabs": tabs_of(request, patient, current),
        "age": patient.age_in_years(now),
        "last": last_value(state, unit=unit, target=target, now=now) if state else None,
        "assignments": assignments,
        "worn": [assignment.device for assignment in assignments if assignment.ends_at is None],
        "unit": unit,
        "target_words": f"{format_glucose(target.low, unit)} to {format_glucose(target.high, unit)} {unit}",
        "own_emergency": own_open_access(request, patient),
        "zone_words": f"Times are those of {patient.timezone.replace('_', ' ')}.",
    }
