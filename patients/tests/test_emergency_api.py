"""Emergency access: a reason, an hour at most, a mail to those who answer for the clinic, a line in the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from accounts.organizations import change_organization
from audit.models import Entry
from patients.care_team import remove_from_care_team
from patients.emergency_mail import tell_managers_of_emergency
from patients.models import EmergencyAccess
from tests.clinics import Clinic
from tests.rest import FORBIDDEN, NOT_FOUND, problems, send

pytestmark = [pytest.mark.django_db, pytest.mark.promise(58)]

ACCESSES = "/api/v1/patients/emergency-access"
HIDDEN = "/api/v1/patients/user_9012"
REASON = "unconscious in the corridor"


@pytest.fixture
def clinic(northside: Clinic) -> Clinic:
    """Its nurse looks after the first patient, and sees nobody else."""
    with northside.scope(), transaction.atomic():
        change_organization(changes={"assigned_patients_only": True})
        remove_from_care_team(patient=northside.patients[1], member=northside.people["nurse"])
    return northside


def ask(clinic: Clinic, *, by: str = "nurse", **changes: Any) -> Any:
    return send(clinic.api(by), "POST", ACCESSES, {"code": "user_9012", "reason": REASON, "minutes": 30, **changes})


def test_it_opens_one_patient_for_a_while(clinic: Clinic, southside: Clinic) -> None:
    nurse = clinic.api("nurse")
    assert (nurse.get(HIDDEN).status_code, nurse.get(HIDDEN).json()) == (404, NOT_FOUND)
    made = ask(clinic)
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["patient"], body["name"], body["reason"]) == ("user_9012", clinic.people["nurse"].name, REASON)
    assert (body["isOpen"], body["endedAt"]) == (True, None)
    assert nurse.get(HIDDEN).status_code == 200
    assert {item["code"] for item in nurse.get("/api/v1/patients").json()["items"]} == {"user_5678", "user_9012"}
    with clinic.scope(), transaction.atomic():
        access = EmergencyAccess.objects.get(public_id=body["id"])
    assert access.expires_at - access.begins_at == timedelta(minutes=30)


def test_it_ends_by_itself(clinic: Clinic) -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=31)):
        made = ask(clinic).json()
    # The database's clock decides, and for it the access is over.
    assert clinic.api("nurse").get(HIDDEN).status_code == 404
    item = next(row for row in clinic.api("owner").get(ACCESSES).json()["items"] if row["id"] == made["id"])
    assert (item["isOpen"], item["endedAt"]) == (False, None)


@pytest.mark.parametrize("by", ["nurse", "admin"])
def test_it_is_ended_by_hand(clinic: Clinic, by: str) -> None:
    made = ask(clinic).json()
    end = f"{ACCESSES}/{made['id']}/end"
    assert send(clinic.api("clinician"), "POST", end).status_code == 404
    answer = send(clinic.api(by), "POST", end)
    assert (answer.status_code, answer.json()["isOpen"]) == (200, False)
    assert clinic.api("nurse").get(HIDDEN).status_code == 404
    assert send(clinic.api(by), "POST", end).json()["endedAt"] == answer.json()["endedAt"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reason": "short"}, ("min_length", ["body", "reason"])),
        ({"reason": " " * 20}, ("blank", ["body", "reason"])),
        ({"minutes": 61}, ("max_value", ["body", "minutes"])),
        ({"minutes": 0}, ("min_value", ["body", "minutes"])),
    ],
)
def test_a_reason_and_an_hour_at_most(clinic: Clinic, changes: dict[str, Any], expected: Any) -> None:
    assert problems(ask(clinic, **changes)) == [expected]
    with clinic.scope(), transaction.atomic():
        assert not EmergencyAccess.objects.open().exists()


@pytest.mark.parametrize("code", ["nobody", "USER_9012", "user_901", "\x00"])
def test_a_code_that_nobody_has(clinic: Clinic, southside: Clinic, code: str) -> None:
    answer = ask(clinic, code=code)
    assert answer.status_code in {400, 404}
    if answer.status_code == 404:
        assert answer.json() == {"detail": "The clinic has no patient with this code."}


def test_codes_of_another_clinic_are_nobodys(clinic: Clinic, southside: Clinic) -> None:
    body = {"code": "only_south", "firstName": "A", "lastName": "B"}
    assert send(southside.api("owner"), "POST", "/api/v1/patients", body).status_code == 201
    assert ask(clinic, code="only_south").status_code == 404
    for of, guesses in ((clinic, ["only_south"]), (southside, [])):
        with of.scope(), transaction.atomic():
            found = Entry.objects.filter(action="denied", object_type="patients.emergencyaccess")
            assert [(entry.object_id, entry.outcome) for entry in found] == [(code, "failed") for code in guesses]


def test_who_sees_the_patient_anyhow_needs_none(clinic: Clinic) -> None:
    for by, code in (("owner", "user_9012"), ("nurse", "user_5678")):
        answer = ask(clinic, by=by, code=code)
        assert (answer.status_code, answer.json()) == (409, {"detail": "You see this patient without it."})
    assert ask(clinic).status_code == 201
    assert ask(clinic).status_code == 409


@pytest.mark.parametrize("role", ["viewer", "patient"])
def test_viewers_and_patients_have_none(clinic: Clinic, role: str) -> None:
    assert ask(clinic, by=role).json() == FORBIDDEN


def test_the_ledger_tells_who_whom_and_why(clinic: Clinic) -> None:
    made = ask(clinic).json()
    with clinic.scope(), transaction.atomic():
        entry = Entry.objects.get(action="emergency_access")
    assert (entry.object_id, entry.patient_id, entry.reason) == (made["id"], clinic.patients[1].pk, REASON)
    assert (entry.actor_name, entry.actor_role) == (clinic.people["nurse"].name, "nurse")


def test_owners_and_admins_get_a_mail_that_names_no_patient(clinic: Clinic, southside: Clinic) -> None:
    made = ask(clinic).json()
    with clinic.scope(), transaction.atomic():
        tell_managers_of_emergency(access_id=EmergencyAccess.objects.get(public_id=made["id"]).pk)
    assert [message.to for message in mail.outbox] == [["admin@northside.example"], ["owner@northside.example"]]
    for message in mail.outbox:
        assert clinic.people["nurse"].name in str(message.body)
        assert "/admin/emergency-access/" in str(message.body)
        for secret in ("user_9012", clinic.patients[1].last_name, REASON):
            assert secret not in f"{message.subject} {message.body}"


def test_owners_see_all_and_others_their_own(clinic: Clinic, southside: Clinic) -> None:
    made = ask(clinic).json()
    owners = clinic.api("owner").get(ACCESSES).json()["items"]
    assert made["id"] in {item["id"] for item in owners}
    assert clinic.api("clinician").get(ACCESSES).json()["items"] == []
    own = clinic.api("nurse").get(ACCESSES).json()["items"]
    assert own[0]["patient"] == "user_9012"
    assert send(clinic.api("nurse"), "POST", f"{ACCESSES}/{made['id']}/end").status_code == 200
    assert clinic.api("nurse").get(ACCESSES).json()["items"][0]["patient"] is None
    foreign = southside.api("owner").get(ACCESSES).json()["items"][0]["id"]
    assert send(clinic.api("owner"), "POST", f"{ACCESSES}/{foreign}/end").status_code == 404


def test_the_database_holds_the_hour(clinic: Clinic) -> None:
    from django.db import IntegrityError

    now = timezone.now()
    with pytest.raises(IntegrityError, match="patients_emergency_an_hour"), clinic.scope(), transaction.atomic():
        EmergencyAccess.objects.create(
            member=clinic.people["nurse"],
            patient=clinic.patients[1],
            reason=REASON,
            begins_at=now,
            expires_at=now + timedelta(minutes=61),
        )


def test_a_patients_login_learns_no_numbers(clinic: Clinic) -> None:
    from tenancy.scope import organization_scope

    scope = organization_scope(clinic.organization.id, patient_id=clinic.patients[0].pk)
    with scope, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM patients_named('user_9012')")
        assert cursor.fetchall() == []
