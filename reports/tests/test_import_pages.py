from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from readings.importing.jobs import run_import
from readings.models import GlucoseReading, ImportJob
from readings.tests.files import CLARITY, libre, libre_row
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db


def upload(clinic: Clinic, text: str, role: str = "nurse") -> Any:
    address = reverse("admin:patients_patient_import", args=[clinic.patients[0].pk])
    return clinic.admin(role).post(address, {"file": SimpleUploadedFile("Ada Example.csv", text.encode())})


def test_a_file_is_looked_at_confirmed_and_reported_without_a_script(northside: Clinic, southside: Clinic) -> None:
    page = upload(northside, CLARITY).headers["Location"]
    browser = northside.admin("nurse")
    shown = browser.get(page).content.decode()
    assert "<strong>4</strong> new readings" in shown
    assert "The file is of <strong>Ada Example</strong>" in shown
    assert "&#x27;abc&#x27; is not a glucose value" in shown
    assert southside.admin("nurse").get(page).status_code == 404

    browser.post(page, {"action": "confirm", "zone": "UTC"})
    with northside.scope():
        assert ImportJob.objects.get().state == "preview", "whose file it is was not answered"
    browser.post(page, {"action": "confirm", "zone": "Nowhere", "person": "same"})
    with northside.scope():
        assert ImportJob.objects.get().state == "preview", "there is no such time zone"
    browser.post(page, {"action": "confirm", "zone": "UTC", "person": "same"})
    running = browser.get(page)
    assert running.headers["Refresh"] == "2"
    with northside.scope():
        run_import(ImportJob.objects.get().pk)
        assert GlucoseReading.objects.for_patient(northside.patients[0]).count() == 4
    done = browser.get(page)
    assert "Refresh" not in done.headers
    assert "7 cells are too few" in done.content.decode()
    assert "4</strong> new readings" in done.content.decode()


def test_an_order_of_dates_is_asked_and_the_answer_shown(northside: Clinic) -> None:
    page = upload(northside, libre(libre_row("03-04-2026 10:00", 0, "100"))).headers["Location"]
    browser = northside.admin("nurse")
    assert "What would be imported" not in browser.get(page).content.decode()
    answered = browser.post(page, {"action": "preview", "zone": "UTC", "dateOrder": "day-first"}).content.decode()
    assert "03 Apr 2026, 10:00" in answered
    assert 'value="day-first" checked' in answered
    browser.post(page, {"action": "discard"})
    with northside.scope():
        assert ImportJob.objects.get().sealed_file == ""


def test_what_is_no_file_is_said_on_the_page(northside: Clinic) -> None:
    assert "names no column of times" in upload(northside, "nothing\n").content.decode()
    address = reverse("admin:patients_patient_import", args=[northside.patients[0].pk])
    assert "Choose the file first." in northside.admin("nurse").post(address).content.decode()
    assert northside.admin("viewer").get(address).status_code == 403


def test_readings_are_saved_as_a_file_by_those_who_may(northside: Clinic) -> None:
    northside.store(100)
    address = reverse("admin:patients_patient_export_file", args=[northside.patients[0].pk])
    answer = northside.admin("clinician").get(address, {"format": "csv", "period": "all"})
    assert answer.getvalue().endswith(b"# complete, 1 rows\r\n")
    assert northside.admin("nurse").get(address).status_code == 403
    page = reverse("admin:patients_patient_export", args=[northside.patients[0].pk])
    assert northside.admin("clinician").get(page).status_code == 200
