from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from audit.models import Entry
from patients.models import HistoryAmendment, HistoryEntry
from patients.services import create_patient
from tenancy.encryption.shredding import shred_patient
from tests.clinics import Clinic
from tests.rest import FORBIDDEN, NOT_FOUND, problems, send

pytestmark = pytest.mark.django_db

PATIENT = "/api/v1/patients/user_5678"
ENTRIES = f"{PATIENT}/history-entries"


@pytest.fixture
def clinic(northside: Clinic) -> Clinic:
    with northside.scope(), transaction.atomic():
        northside.patients.append(create_patient(code="fresh", first_name="A", last_name="B"))
    return northside


def looks(clinic: Clinic) -> list[tuple[str, str]]:
    with clinic.scope(), transaction.atomic():
        entries = Entry.objects.filter(object_type="patients.history").order_by("id")
        return [(entry.actor_role, entry.object_id) for entry in entries]


def test_entries_are_made_read_and_amended(northside: Clinic) -> None:
    nurse = northside.api("nurse")
    made = send(nurse, "POST", ENTRIES, {"kind": "allergy", "text": "Penicillin"})
    assert made.status_code == 201, made.content
    assert set(made.json()) == {"id", "kind", "text", "author", "createdAt", "amendedAt"}
    changed = send(nurse, "PATCH", f"{ENTRIES}/{made.json()['id']}", {"text": "Penicillin, rash"})
    assert (changed.status_code, changed.json()["text"]) == (200, "Penicillin, rash")
    assert changed.json()["amendedAt"] is not None
    listed = northside.api("clinician").get(ENTRIES).json()["items"]
    assert listed[0] == changed.json()
    assert [item["kind"] for item in listed] == ["allergy", "condition"]
    with northside.scope(), transaction.atomic():
        kept = HistoryAmendment.objects.get(entry__public_id=made.json()["id"])
        assert (kept.text, kept.author_name) == ("Penicillin", northside.people["nurse"].name)


def test_an_amendment_that_changes_nothing_leaves_nothing(northside: Clinic) -> None:
    entry = northside.api("nurse").get(ENTRIES).json()["items"][0]
    answer = send(northside.api("nurse"), "PATCH", f"{ENTRIES}/{entry['id']}", {"text": entry["text"]})
    assert answer.json() == entry


@pytest.mark.parametrize("history", ["Asthma since 1990", [{"kind": "note", "text": "Asthma since 1990"}]])
def test_a_patient_is_made_with_a_history(northside: Clinic, history: Any) -> None:
    body = {"code": "new", "firstName": "A", "lastName": "B", "medicalHistory": history}
    made = send(northside.api("nurse"), "POST", "/api/v1/patients", body)
    assert made.status_code == 201, made.content
    assert "medicalHistory" not in made.json()
    (entry,) = northside.api("nurse").get("/api/v1/patients/new").json()["medicalHistory"]
    assert (entry["kind"], entry["text"]) == ("note", "Asthma since 1990")


def test_a_change_of_the_patient_adds_entries(clinic: Clinic) -> None:
    added = [{"kind": "medication", "text": "Metformin"}, {"text": "Smoker"}]
    for history in ("First", added):
        answer = send(clinic.api("nurse"), "PATCH", "/api/v1/patients/fresh", {"medicalHistory": history})
        assert answer.status_code == 200, answer.content
    shown = clinic.api("nurse").get("/api/v1/patients/fresh").json()["medicalHistory"]
    assert sorted(item["text"] for item in shown) == ["First", "Metformin", "Smoker"]


@pytest.mark.parametrize(
    ("history", "kind", "place"),
    [
        ("", "blank", []),
        ("x" * 10_001, "max_length", []),
        ([{"kind": "rumour", "text": "x"}], "invalid_choice", [0, "kind"]),
        ([{"kind": "note"}], "missing", [0, "text"]),
        ([{"text": "x", "author": "me"}], "extra_forbidden", [0, "author"]),
        (7, "not_a_list", []),
        ([{"text": "x"}] * 101, "max_length", []),
    ],
)
def test_malformed_histories_change_nothing(clinic: Clinic, history: Any, kind: str, place: list[Any]) -> None:
    answer = send(clinic.api("nurse"), "PATCH", "/api/v1/patients/fresh", {"room": "9", "medicalHistory": history})
    ((found, where),) = problems(answer)
    assert found == kind
    assert where[:2] == ["body", "medicalHistory"]
    assert where[2 : 2 + len(place)] == place
    with clinic.scope(), transaction.atomic():
        assert not HistoryEntry.objects.filter(patient=clinic.patients[-1]).exists()


@pytest.mark.parametrize(("role", "reads"), [("owner", True), ("nurse", True), ("viewer", False)])
def test_only_roles_that_care_read_it(northside: Clinic, role: str, reads: bool) -> None:
    shown = northside.api(role).get(PATIENT).json()["medicalHistory"]
    assert (shown is not None) == reads
    assert northside.api(role).get(ENTRIES).status_code == (200 if reads else 403)
    assert "medicalHistory" not in northside.api(role).get("/api/v1/patients").json()["items"][0]
    assert looks(northside) == ([(role, "user_5678")] * 2 if reads else [])


def test_a_patients_login_reads_its_own_and_writes_none(northside: Clinic) -> None:
    patient = northside.api("patient")
    (entry,) = patient.get(ENTRIES).json()["items"]
    assert "Severe asthma" in entry["text"]
    other = patient.get("/api/v1/patients/user_9012/history-entries")
    assert (other.status_code, other.json()) == (404, NOT_FOUND)
    answer = send(patient, "POST", ENTRIES, {"text": "I am fine"})
    assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


def test_another_patients_entry_is_not_found(northside: Clinic, southside: Clinic) -> None:
    foreign = southside.api("nurse").get(ENTRIES).json()["items"][0]["id"]
    other = northside.api("nurse").get("/api/v1/patients/user_9012/history-entries").json()["items"][0]["id"]
    for entry_id in (foreign, other, "7", "00000000-0000-0000-0000-000000000000"):
        answer = send(northside.api("nurse"), "PATCH", f"{ENTRIES}/{entry_id}", {"text": "x"})
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.promise(56)
def test_every_read_is_in_the_ledger_and_every_write_with_sealed_values(northside: Clinic) -> None:
    nurse = northside.api("nurse")
    for _ in range(3):
        nurse.get(ENTRIES)
    assert looks(northside) == [("nurse", "user_5678")] * 3
    entry = nurse.get(ENTRIES).json()["items"][0]
    send(nurse, "PATCH", f"{ENTRIES}/{entry['id']}", {"text": "Canary of a text"})
    with northside.scope(), transaction.atomic():
        written = Entry.objects.filter(object_type="patients.historyentry", object_id=entry["id"]).latest("at")
        ((field, old, new),) = [change for change in written.changes if change[0] == "text"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM audit_entry WHERE changes::text LIKE '%%asthma%%'")
            assert cursor.fetchone() == (0,)
    assert (field, old[:7], new[:7]) == ("text", "sealed:", "sealed:")


def test_identifiers_find_exactly(northside: Clinic, southside: Clinic) -> None:
    nurse = northside.api("nurse")
    values = {"medicalRecordNumber": "MRN-77", "phone": "+49 30 777", "email": "ada@nowak.example"}
    assert send(nurse, "PATCH", PATIENT, values).status_code == 200
    for query in ({"mrn": "mrn-77"}, {"phone": "+4930777"}, {"email": "ADA@nowak.example"}):
        found = nurse.get("/api/v1/patients", query).json()["items"]
        assert [item["code"] for item in found] == ["user_5678"], query
        assert southside.api("nurse").get("/api/v1/patients", query).json()["items"] == []
    assert nurse.get("/api/v1/patients", {"mrn": "MRN-7"}).json()["items"] == []
    taken = send(nurse, "PATCH", "/api/v1/patients/user_9012", {"medicalRecordNumber": "MRN-77"})
    assert taken.status_code == 409
    assert taken.json() == {"detail": "A patient with this medical record number exists already."}
    assert send(southside.api("nurse"), "PATCH", PATIENT, {"medicalRecordNumber": "MRN-77"}).status_code == 200


@pytest.mark.promise(32)
def test_after_shredding_nothing_opens_and_pages_still_answer(northside: Clinic) -> None:
    nurse = northside.api("nurse")
    send(nurse, "PATCH", PATIENT, {"medicalRecordNumber": "MRN-77"})
    with northside.scope(), transaction.atomic():
        assert shred_patient(code="user_5678", reason="asked for by the patient") >= 1
    shown = nurse.get(PATIENT).json()
    assert (shown["phone"], shown["medicalRecordNumber"]) == ("", "")
    assert [item["text"] for item in shown["medicalHistory"]] == [None]
    assert nurse.get("/api/v1/patients", {"mrn": "MRN-77"}).json()["items"] == []
    refused = send(nurse, "POST", ENTRIES, {"text": "new"})
    assert refused.status_code == 409
    assert "destroyed" in refused.json()["detail"]
    other = nurse.get("/api/v1/patients/user_9012/history-entries").json()["items"]
    assert "asthma" in other[0]["text"]
    with northside.scope(), transaction.atomic():
        assert Entry.objects.filter(action="shred", object_id="user_5678").count() == 1
