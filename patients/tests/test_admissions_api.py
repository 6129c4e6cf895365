from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from audit.models import Entry
from patients.models import Admission
from tests.clinics import Clinic
from tests.rest import FORBIDDEN, NOT_FOUND, send

pytestmark = pytest.mark.django_db

STAYS = "/api/v1/patients/user_5678/admissions"
SINCE, UNTIL = "2026-03-01T09:00:00Z", "2026-03-04T11:00:00Z"


def admit(clinic: Clinic, *, by: str = "nurse", **said: Any) -> Any:
    return send(clinic.api(by), "POST", STAYS, {"admittedAt": SINCE, "room": "12b", **said})


def change(clinic: Clinic, stay: str, *, by: str = "nurse", **said: Any) -> Any:
    return send(clinic.api(by), "PATCH", f"{STAYS}/{stay}", said)


def test_a_stay_begins_ends_and_tells_of_it(northside: Clinic, southside: Clinic) -> None:
    made = admit(northside)
    assert made.status_code == 201, made.content
    stay = made.json()
    nurse = northside.people["nurse"].name
    assert stay == {
        **{"id": stay["id"], "status": "admitted", "room": "12b", "admittedAt": SINCE, "dischargedAt": None},
        **{"admittedBy": nurse, "dischargeNotes": ""},
    }
    assert admit(southside).status_code == 201, "the other clinic's patient of the same code"
    again = admit(northside, room="13")
    assert (again.status_code, again.json()) == (
        *(409,),
        {"detail": "The patient is admitted already: discharge or transfer first."},
    )
    with northside.scope(), transaction.atomic():
        current = Admission.objects.current_of(northside.patients[0])
        assert str(current.public_id) == stay["id"]
    ended = change(northside, stay["id"], dischargedAt=UNTIL, dischargeNotes="Went home well")
    assert (ended.status_code, ended.json()["status"]) == (200, "discharged")
    assert admit(northside, admittedAt="2026-03-05T09:00:00Z").status_code == 201
    listed = northside.api("viewer").get(STAYS).json()["items"]
    assert [one["dischargedAt"] for one in listed] == [None, UNTIL]
    assert listed[1]["dischargeNotes"] is None, "as the medical history, not for viewers"
    own = northside.api("patient").get(STAYS).json()["items"]
    assert own[1]["dischargeNotes"] == "Went home well"
    with northside.scope(), transaction.atomic():
        entries = Entry.objects.filter(object_type="patients.admission", patient_id=northside.patients[0].pk)
        assert entries.filter(object_id=stay["id"]).count() == 2
        assert "Went home" not in str([entry.changes for entry in entries])
        assert Admission.objects.current_of(northside.patients[0]).room == "12b"
        with connection.cursor() as cursor:
            cursor.execute("SELECT discharge_notes::text FROM patients_admission WHERE discharged_at IS NOT NULL")
            assert "Went home" not in str(cursor.fetchall())
    assert send(southside.api("nurse"), "PATCH", f"{STAYS}/{stay['id']}", {"room": "1"}).status_code == 404


def test_status_and_end_go_together(northside: Clinic) -> None:
    stay = admit(northside).json()["id"]
    refused = [
        change(northside, stay, dischargedAt="2026-02-01T00:00:00Z"),  # before it began
        change(northside, stay, dischargedAt="2999-01-01T00:00:00Z"),
        change(northside, stay, status="transferred", dischargedAt=None),
        change(northside, stay, status="asleep"),
        change(northside, stay, admittedBy="me"),
        admit(northside, status="discharged"),
        admit(northside, admittedAt="2026-03-01T09:00:00"),
    ]
    assert [answer.status_code for answer in refused] == [422] * len(refused)
    assert change(northside, stay, status="verified").json()["dischargedAt"] is None
    transferred = change(northside, stay, status="transferred").json()
    assert transferred["dischargedAt"] is not None
    assert change(northside, stay, status="admitted").status_code == 422
    back = change(northside, stay, dischargedAt=None).json()
    assert (back["status"], back["dischargedAt"]) == ("admitted", None)


def test_who_admits(northside: Clinic) -> None:
    for role in ("viewer", "patient"):
        answer = admit(northside, by=role)
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)
    assert northside.api("nurse").get("/api/v1/patients/nobody/admissions").json() == NOT_FOUND
    stay = admit(northside).json()["id"]
    assert change(northside, stay, by="viewer", room="1").status_code == 403
