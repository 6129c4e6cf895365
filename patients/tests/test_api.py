from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from patients.models import Patient
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic
from tests.rest import problems, rows, send

pytestmark = pytest.mark.django_db

PATIENTS = "/api/v1/patients"
PATIENT = f"{PATIENTS}/user_5678"
NEW: dict[str, Any] = {
    "code": "user_1357",
    "firstName": "Ada",
    "lastName": "Nowak",
    "birthDate": "1973-05-17",
    "gender": "female",
    "medicalRecordNumber": "MRN-1357",
    "email": "ada@nowak.example",
    "phone": "+49 30 1234",
    "address": "Lindenweg 3",
    "room": "12b",
    "heightCm": 171.5,
    "weightKg": 91.2,
    "bmi": 31.2,
    "skinTone": "light",
    "hba1c": 10.1,
    "timezone": "Europe/Berlin",
    "targetLow": 80,
    "targetHigh": 250,
    "glucoseGoals": "pregnancy",
}
KEYS = {*NEW, "id", "age", "createdAt", "updatedAt", "archivedAt"}


@time_machine.travel("2026-05-17T00:30:00+02:00", tick=False)
def test_a_patient_is_made_with_every_field(northside: Clinic) -> None:
    answer = send(northside.api("nurse"), "POST", PATIENTS, NEW)
    assert answer.status_code == 201, answer.content
    assert set(answer.json()) == KEYS
    assert {name: answer.json()[name] for name in NEW} == NEW
    # Birthday in Berlin already, while it is still the day before in UTC.
    assert (answer.json()["age"], answer.json()["archivedAt"]) == (53, None)
    assert answer.json()["createdAt"] == "2026-05-16T22:30:00Z"
    with northside.scope(), transaction.atomic():
        stored = Patient.objects.get(code="user_1357")
    assert (stored.birth_date, stored.organization_id) == (date(1973, 5, 17), northside.organization.id)
    shown = northside.api("viewer").get(f"{PATIENTS}/user_1357").json()
    assert shown == {**answer.json(), "medicalHistory": None}


def test_defaults_are_the_consensus_targets(northside: Clinic) -> None:
    body = {name: NEW[name] for name in ("code", "firstName", "lastName")}
    made = send(northside.api("nurse"), "POST", PATIENTS, body).json()
    assert (made["targetLow"], made["targetHigh"], made["gender"], made["timezone"]) == (70, 180, "unknown", "UTC")
    assert (made["age"], made["heightCm"], made["skinTone"]) == (None, None, "")
    assert made["glucoseGoals"] == "adult"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "with space"),
        ("code", ""),
        ("firstName", ""),
        ("birthDate", "1899-12-31"),
        ("birthDate", "2999-01-01"),
        ("birthDate", "17.05.1973"),
        ("gender", "f"),
        ("email", "nowhere"),
        ("heightCm", 29),
        ("weightKg", 501),
        ("bmi", "NaN"),
        ("skinTone", "green"),
        ("hba1c", 1.9),
        ("timezone", "europe/berlin"),
        ("targetLow", 53),
        ("targetHigh", 251),
        ("targetLow", None),
        ("glucoseGoals", "children"),
    ],
)
def test_values_have_their_rules(northside: Clinic, field: str, value: object) -> None:
    before = rows(northside)
    for method, path, body in (("POST", PATIENTS, {**NEW, field: value}), ("PATCH", PATIENT, {field: value})):
        ((_, place),) = problems(send(northside.api("nurse"), method, path, body))
        assert place == ["body", field]
    assert rows(northside) == before


def test_targets_that_cross_are_told_in_the_callers_names(northside: Clinic) -> None:
    answer = send(northside.api("nurse"), "PATCH", PATIENT, {"targetLow": 120, "targetHigh": 120})
    assert answer.json()["detail"] == [
        {
            "type": "invalid",
            "loc": ["body", "targetLow"],
            "msg": "The lower target must be below the upper one.",
            "input": 120,
        }
    ]


def test_a_change_touches_only_what_was_sent(northside: Clinic) -> None:
    before = northside.api("nurse").get(PATIENT).json()
    answer = send(northside.api("nurse"), "PATCH", PATIENT, {"room": "7", "birthDate": None})
    assert answer.status_code == 200
    changed = {name for name, value in answer.json().items() if value != before[name]}
    assert changed == {"room", "updatedAt"}


def test_a_taken_code_is_a_conflict_and_a_foreign_one_is_free(northside: Clinic, southside: Clinic) -> None:
    assert send(southside.api("nurse"), "POST", PATIENTS, NEW).status_code == 201
    assert send(northside.api("nurse"), "POST", PATIENTS, NEW).status_code == 201
    again = send(northside.api("nurse"), "POST", PATIENTS, {**NEW, "medicalRecordNumber": ""})
    assert (again.status_code, again.json()) == (409, {"detail": "A patient with this code exists already."})
    taken = send(northside.api("nurse"), "PATCH", PATIENT, {"code": "user_9012"})
    assert (taken.status_code, taken.json()) == (409, {"detail": "A patient with this code exists already."})


def test_archived_patients_leave_the_list_but_not_the_clinic(northside: Clinic) -> None:
    api = northside.api("owner")
    assert api.delete(PATIENT).status_code == 204
    archived_at = api.get(PATIENT).json()["archivedAt"]
    assert archived_at is not None
    assert api.delete(PATIENT).status_code == 204
    assert api.get(PATIENT).json()["archivedAt"] == archived_at
    assert codes(api.get(PATIENTS)) == ["user_9012"]
    assert codes(api.get(PATIENTS, {"archived": "false"})) == ["user_9012"]
    assert codes(api.get(PATIENTS, {"archived": "true"})) == ["user_5678"]
    assert send(api, "POST", PATIENTS, {**NEW, "code": "user_5678"}).status_code == 409
    refused = send(api, "POST", "/api/v1/devices/ARGUS_002468/assignments", {"patient": "user_5678"})
    assert problems(refused) == [("archived", ["body", "patient"])]


@pytest.mark.parametrize(
    ("text", "found"),
    [("user_1", ["user_1357"]), ("aD", ["user_1357"]), ("now", ["user_1357"]), ("owak", []), ("%", []), ("_ser", [])],
)
def test_search_looks_at_the_beginning_of_code_and_names(northside: Clinic, text: str, found: list[str]) -> None:
    send(northside.api("nurse"), "POST", PATIENTS, NEW)
    assert codes(northside.api("viewer").get(PATIENTS, {"search": text})) == found


def test_the_list_costs_the_same_for_many(northside: Clinic) -> None:
    api = northside.api("viewer")
    with CaptureQueriesContext(connection) as few:
        assert len(codes(api.get(PATIENTS))) == 2
    with northside.scope(), transaction.atomic(), audited_elsewhere("the test makes it by hand"):
        Patient.objects.bulk_create(Patient(code=f"p{n}", first_name="A", last_name="B") for n in range(40))
    with CaptureQueriesContext(connection) as many:
        assert len(codes(api.get(PATIENTS))) == 42
    assert len(many) == len(few)
    assert len([query for query in many if "patients_patient" in query["sql"]]) == 1


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["code"] for item in answer.json()["items"]]
