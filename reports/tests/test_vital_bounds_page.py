"""Bounds of vital signs and stays as the staff see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from alerts.models import Episode, PatientRule, Rule
from patients.models import Admission
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db

PAGE = "/admin/alarm-rules/vitals/"
COLUMNS = ("critical_min", "warning_min", "warning_max", "critical_max")


def filled(**changes: str) -> dict[str, str]:
    usual = {
        **{"heart_rate": (40, 60, 100, 120), "blood_oxygen": (90, 94, 100, 100)},
        **{"body_temperature": (35, 36, 37.5, 38.5), "systolic": (80, 90, 140, 160)},
        **{"diastolic": (50, 60, 90, 100), "respiratory_rate": (10, 12, 20, 30)},
    }
    cells = {
        f"{metric}-{name}": f"{value:g}"
        for metric, of in usual.items()
        for name, value in zip(COLUMNS, of, strict=True)
    }
    return {**cells, "is_on": "on", **changes}


def rules(clinic: Clinic, model: Any = Rule) -> dict[str, bool]:
    with clinic.scope(), transaction.atomic():
        return {row.code: row.is_on for row in model.objects.filter(code__startswith="vital_")}


def test_a_wrong_number_is_told_and_what_was_ticked_stays(northside: Clinic, southside: Clinic) -> None:
    browser: Client = northside.admin("clinician")
    wrong = browser.post(PAGE, filled(**{"heart_rate-critical_max": "50"})).content.decode()
    assert "The warning bounds lie within the critical ones." in wrong
    assert 'name="is_on" checked' in wrong
    assert rules(northside) == {}
    assert browser.post(PAGE, filled()).status_code == 302
    assert list(rules(northside).values()) == [True] * 12
    assert rules(southside) == {}
    code = northside.patients[0].code
    own = browser.post(f"{PAGE}?patient={code}", filled(**{"heart_rate-warning_max": "110"}))
    assert own.status_code == 302, own.content
    assert set(rules(northside, PatientRule)) == {"vital_heart_rate_critical", "vital_heart_rate_warning"}
    assert "this patient" in browser.get(f"{PAGE}?patient={code}").content.decode()
    back = filled(reset="heart_rate", **{"heart_rate-warning_max": "110"})
    asked = browser.post(f"{PAGE}?patient={code}", back)
    assert asked.status_code == 302, asked.content
    assert rules(northside, PatientRule) == {}
    assert northside.admin("nurse").post(PAGE, filled()).status_code == 403


def test_stays_and_the_emergency_button_on_the_patients_page(northside: Clinic) -> None:
    browser = northside.admin("nurse")
    patient = northside.patients[0]
    page, care = (reverse(f"admin:patients_patient_{name}", args=[patient.pk]) for name in ("page", "care"))
    browser.post(care, {"action": "admit", "room": "12b"})
    shown = browser.get(page).content.decode()
    assert "Room 12b" in shown
    with northside.scope(), transaction.atomic():
        stay = Admission.objects.current_of(patient)
    browser.post(care, {"action": "discharge", "stay": str(stay.public_id), "end": "discharged", "notes": "Well again"})
    assert "Well again" in browser.get(page).content.decode()
    assert "Well again" not in northside.admin("viewer").get(page).content.decode()
    browser.post(care, {"action": "call-for-help"})
    with northside.scope(), transaction.atomic():
        assert Episode.objects.filter(patient=patient, kind="emergency").count() == 1
    assert "Please come immediately." in browser.get("/admin/alarms/").content.decode()
