from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from readings.models import GlucoseReading, ImportJob
from readings.tests.files import CLARITY, LIBRE, libre, libre_row
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db


def send(clinic: Clinic, text: str, role: str = "nurse", **fields: str) -> Any:
    file = SimpleUploadedFile("readings.csv", text.encode())
    return clinic.api(role).post("/api/v1/patients/user_5678/imports", {"file": file, **fields})


def test_sending_a_file_answers_a_job_that_can_be_looked_at(northside: Clinic, southside: Clinic) -> None:
    sent = send(northside, LIBRE, timezone="UTC")
    assert (sent.status_code, sent.json()["state"], sent.json()["rowsTotal"]) == (202, "running", 15)
    address = f"/api/v1/patients/user_5678/imports/{sent.json()['id']}"
    assert northside.api("nurse").get(address).json()["format"] == "libreview"
    assert southside.api("nurse").get(address).status_code == 404
    (listed,) = northside.api("nurse").get("/api/v1/patients/user_5678/imports").json()["items"]
    assert listed["id"] == sent.json()["id"]
    assert send(northside, LIBRE, role="viewer").status_code == 403


def test_a_preview_keeps_nothing(northside: Clinic) -> None:
    told = send(northside, CLARITY, preview="true")
    assert told.status_code == 200
    assert (told.json()["new"], told.json()["rowsRefused"], told.json()["person"]) == (4, 2, "Ada Example")
    with northside.scope():
        assert not ImportJob.objects.exists()
        assert not GlucoseReading.objects.exists()


def test_questions_are_answered_with_their_choices(northside: Clinic) -> None:
    answer = send(northside, libre(libre_row("03-04-2026 10:00", 0, "100")))
    assert answer.status_code == 422
    (item,) = answer.json()["detail"]
    assert (item["type"], item["loc"]) == ("question", ["body", "dateOrder"])
    assert [choice["value"] for choice in item["ctx"]["choices"]] == ["day-first", "month-first"]
    answered = send(northside, libre(libre_row("03-04-2026 10:00", 0, "100")), dateOrder="month-first")
    assert (answered.status_code, answered.json()["dateOrder"]) == (202, "month-first")


@pytest.mark.parametrize(
    ("text", "fields", "where"),
    [("nothing\n", {}, "file"), (LIBRE, {"timezone": "Nowhere"}, "timezone"), (LIBRE, {"unit": "g"}, "unit")],
)
def test_what_cannot_be_read_is_refused_in_words(
    northside: Clinic, text: str, fields: dict[str, str], where: str
) -> None:
    answer = send(northside, text, **fields)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", where]


def test_a_file_that_is_too_large_is_refused(northside: Clinic) -> None:
    assert send(northside, "x" * (20 * 1024 * 1024 + 1)).status_code == 413
