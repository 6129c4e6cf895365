from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from audit.models import Entry
from patients.models import CareTeamMember
from tests.clinics import Clinic
from tests.rest import FORBIDDEN, NOT_FOUND, problems, send

pytestmark = pytest.mark.django_db

TEAM = "/api/v1/patients/user_5678/care-team"


def add(clinic: Clinic, role: str, *, by: str = "admin") -> Any:
    return send(clinic.api(by), "POST", TEAM, {"member": str(clinic.people[role].user_public_id)})


def test_the_team_is_told_by_name_and_role(northside: Clinic, southside: Clinic) -> None:
    made = add(northside, "clinician")
    assert made.status_code == 201, made.content
    clinician, nurse = northside.people["clinician"], northside.people["nurse"]
    items = northside.api("viewer").get(TEAM).json()["items"]
    assert [(item["member"], item["name"], item["role"]) for item in items] == [
        (str(nurse.user_public_id), nurse.name, "nurse"),
        (str(clinician.user_public_id), clinician.name, "clinician"),
    ]
    assert made.json() == items[1]
    assert "SOUTH" not in str(items)


def test_nobody_is_in_a_team_twice(northside: Clinic) -> None:
    answer = add(northside, "nurse")
    assert (answer.status_code, answer.json()) == (
        409,
        {"detail": "This person is in the patient's care team already."},
    )


def test_only_the_clinics_own_staff_look_after_a_patient(northside: Clinic, southside: Clinic) -> None:
    assert add(northside, "patient").status_code == 422
    foreign = {"member": str(southside.people["clinician"].user_public_id)}
    assert problems(send(northside.api("admin"), "POST", TEAM, foreign)) == [("unknown", ["body", "member"])]
    assert (
        northside.api("owner").delete(f"/api/v1/users/{northside.people['viewer'].user_public_id}").status_code == 204
    )
    assert add(northside, "viewer").status_code == 422


def test_leaving_a_team(northside: Clinic) -> None:
    nurse = f"{TEAM}/{northside.people['nurse'].user_public_id}"
    assert northside.api("admin").delete(nurse).status_code == 204
    again = northside.api("admin").delete(nurse)
    assert (again.status_code, again.json()) == (404, NOT_FOUND)
    assert northside.api("admin").get(TEAM).json()["items"] == []
    with northside.scope(), transaction.atomic():
        assert CareTeamMember.objects.count() == 1
        entry = Entry.objects.get(object_type="patients.careteammember", action="delete")
    assert entry.changes == [["member", northside.people["nurse"].name, None]]
    assert entry.patient_id == northside.patients[0].pk


@pytest.mark.parametrize("role", ["clinician", "nurse", "viewer"])
def test_only_owners_and_admins_make_up_teams(northside: Clinic, role: str) -> None:
    assert add(northside, "clinician", by=role).json() == FORBIDDEN
    assert northside.api(role).delete(f"{TEAM}/{northside.people['nurse'].user_public_id}").json() == FORBIDDEN
