from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.clinics import ASSIGNED_SINCE, Clinic
from tests.rest import NOT_FOUND, problems, rows, send

pytestmark = pytest.mark.django_db

ASSIGNMENTS = "/api/v1/devices/ARGUS_001234/assignments"
CURRENT = f"{ASSIGNMENTS}/current"
KEYS = {"id", "patient", "startsAt", "endsAt", "note", "createdAt"}


def test_a_device_changes_its_patient(northside: Clinic) -> None:
    api = northside.api("nurse")
    answer = send(
        api, "POST", ASSIGNMENTS, {"patient": "user_9012", "startsAt": "2026-03-01T10:00:00+02:00", "note": "bed 4"}
    )
    assert answer.status_code == 201, answer.content
    assert set(answer.json()) == KEYS
    told = {name: answer.json()[name] for name in ("patient", "startsAt", "endsAt", "note")}
    assert told == {"patient": "user_9012", "startsAt": "2026-03-01T08:00:00Z", "endsAt": None, "note": "bed 4"}
    newest, former = api.get(ASSIGNMENTS).json()["items"]
    assert newest == answer.json()
    assert (former["patient"], former["startsAt"]) == ("user_5678", "2020-01-01T00:00:00Z")
    assert former["endsAt"] == "2026-03-01T08:00:00Z"


def test_without_a_time_it_begins_now(northside: Clinic) -> None:
    before = timezone.now()
    answer = send(northside.api("nurse"), "POST", ASSIGNMENTS, {"patient": "user_9012"}).json()
    assert before <= datetime.fromisoformat(answer["startsAt"]) <= timezone.now()
    assert northside.api("nurse").get("/api/v1/devices/ARGUS_001234").json()["patient"] == "user_9012"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ("missing", ["body", "patient"])),
        ({"patient": "nowhere"}, ("unknown", ["body", "patient"])),
        ({"patient": "only_south"}, ("unknown", ["body", "patient"])),
        ({"patient": "user_9012", "startsAt": "2026-03-01T10:00:00"}, ("naive", ["body", "startsAt"])),
        ({"patient": "user_9012", "startsAt": "2026-03-01"}, ("naive", ["body", "startsAt"])),
        ({"patient": "user_9012", "startsAt": "0001-01-01T00:00:00+14:00"}, ("overflow", ["body", "startsAt"])),
        ({"patient": "user_9012", "startsAt": "soon"}, ("invalid", ["body", "startsAt"])),
        ({"patient": "user_9012", "startsAt": ASSIGNED_SINCE.isoformat()}, ("invalid", ["body"])),
        ({"patient": "user_9012", "endsAt": "2026-03-01T10:00:00Z"}, ("extra_forbidden", ["body", "endsAt"])),
    ],
)
def test_what_is_refused_changes_nothing(northside: Clinic, southside: Clinic, body, expected) -> None:
    made = send(
        southside.api("nurse"), "POST", "/api/v1/patients", {"code": "only_south", "firstName": "A", "lastName": "B"}
    )
    assert made.status_code == 201
    before = rows(northside)
    assert problems(send(northside.api("nurse"), "POST", ASSIGNMENTS, body)) == [expected]
    assert rows(northside) == before


def test_measured_time_keeps_its_patient(northside: Clinic) -> None:
    measured_at = datetime.now(UTC) - timedelta(hours=1)
    northside.store(120, until=measured_at)
    body = {"patient": "user_9012", "startsAt": (measured_at - timedelta(minutes=1)).isoformat()}
    answer = send(northside.api("nurse"), "POST", ASSIGNMENTS, body)
    assert "has measured" in answer.json()["detail"][0]["msg"]
    body["startsAt"] = (measured_at + timedelta(minutes=1)).isoformat()
    assert send(northside.api("nurse"), "POST", ASSIGNMENTS, body).status_code == 201


def test_ending_leaves_the_device_with_nobody(northside: Clinic) -> None:
    api = northside.api("nurse")
    assert api.delete(CURRENT).status_code == 204
    (period,) = api.get(ASSIGNMENTS).json()["items"]
    assert period["endsAt"] is not None
    again = api.delete(CURRENT)
    assert (again.status_code, again.json()) == (404, NOT_FOUND)


def test_a_period_that_begins_later_is_not_the_current_one(northside: Clinic) -> None:
    api = northside.api("nurse")
    assert api.delete(CURRENT).status_code == 204
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    assert send(api, "POST", ASSIGNMENTS, {"patient": "user_9012", "startsAt": tomorrow}).status_code == 201
    assert api.get("/api/v1/devices/ARGUS_001234").json()["patient"] is None
    assert api.delete(CURRENT).status_code == 404
