"""Invitations, removal requests and the clinic's settings in the workplace."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from accounts.models import Invitation, RemovalRequest
from accounts.organizations import change_organization
from accounts.tests.inviting import NEWCOMER, accept, invited, mailed_token, member, state
from patients.care_team import remove_from_care_team
from tenancy.models import Organization
from tests.clinics import Clinic
from tests.rest import problems, send

pytestmark = pytest.mark.django_db

INVITATIONS, REMOVALS, CLINIC = "/admin/invitations/", "/admin/removal-requests/", "/admin/clinic/"
NEW = {"action": "invite", "email": NEWCOMER, "name": "Doctor New", "role": "nurse", "days": "7", "patient": ""}


def post(clinic: Clinic, path: str, form: dict[str, Any], *, by: str = "admin") -> Any:
    return clinic.admin(by).post(path, form, follow=True)


def test_inviting_sends_somebody_a_place(northside: Clinic, southside: Clinic) -> None:
    html = post(northside, INVITATIONS, {**NEW, "message": "Welcome"}).content.decode()
    for words in ("Doctor New", NEWCOMER, "pending", "by Admin CANARY-NORTH", "Send again", "Take back"):
        assert words in html
    assert "SOUTH" not in html
    with northside.scope(), transaction.atomic():
        invitation = Invitation.objects.get(email=NEWCOMER)
    assert (invitation.role, invitation.message) == ("nurse", "Welcome")
    assert "This person has an invitation already." in post(northside, INVITATIONS, NEW).content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"email": "nowhere"}, "valid email"),
        ({"role": ""}, "This field is required"),
        ({"role": "owner"}, "Select a valid choice"),
        ({"role": "patient"}, "The role patient goes with a patient"),
        ({"role": "patient", "patient": "nowhere"}, "no patient with this code"),
        ({"days": "31"}, "less than or equal to 30"),
        ({"email": "nurse@northside.example"}, "a member of the clinic already"),
    ],
)
def test_wrong_invitations_are_told_on_the_form(northside: Clinic, wrong: dict[str, str], words: str) -> None:
    answer = post(northside, INVITATIONS, {**NEW, **wrong})
    assert words in answer.content.decode()
    assert b"Doctor New" in answer.content, "what was typed is kept"
    with northside.scope(), transaction.atomic():
        assert Invitation.objects.count() == 1


def test_sending_again_and_taking_back(northside: Clinic) -> None:
    former = invited(northside)
    with northside.scope(), transaction.atomic():
        named = str(Invitation.objects.get(email=NEWCOMER).public_id)
    assert (
        "new mail is on its way"
        in post(northside, INVITATIONS, {"action": "resend", "invitation": named}).content.decode()
    )
    assert accept(former, password="moss-on-the-northern-wall").status_code == 410
    assert mailed_token(northside, named) != former
    post(northside, INVITATIONS, {"action": "cancel", "invitation": named})
    assert state(northside) == "cancelled"
    again = post(northside, INVITATIONS, {"action": "cancel", "invitation": named}).content.decode()
    assert "not waiting for an answer" in again


@pytest.mark.parametrize("role", ["clinician", "nurse", "viewer", "support"])
def test_others_do_not_see_invitations(northside: Clinic, role: str) -> None:
    if role != "support":
        assert northside.admin(role).get(INVITATIONS).status_code == 403
        assert northside.admin(role).post(INVITATIONS, NEW).status_code == 403


def test_a_removal_is_asked_for_and_decided(northside: Clinic, southside: Clinic) -> None:
    clinician = northside.people["clinician"]
    form = {"action": "request", "member": clinician.pk, "reason": "has left"}
    html = post(northside, REMOVALS, form, by="nurse").content.decode()
    assert "has left" in html
    assert "End the access" not in html
    foreign = {"action": "request", "member": southside.people["viewer"].pk, "reason": "has left"}
    assert "Select a valid choice" in post(northside, REMOVALS, foreign, by="nurse").content.decode()
    with northside.scope(), transaction.atomic():
        named = str(RemovalRequest.objects.get(member=clinician).public_id)
    assert northside.admin("nurse").post(REMOVALS, {"action": "approve", "request": named}).status_code == 403
    assert northside.admin("viewer").get(REMOVALS).status_code == 403
    answer = post(northside, REMOVALS, {"action": "approve", "request": named, "notes": "as agreed"})
    assert "as agreed" in answer.content.decode()
    gone = member(northside, clinician.email)
    assert gone
    assert not gone.is_active


@pytest.mark.promise(2)
def test_a_removal_request_tells_limited_staff_of_no_other_teams_patient(northside: Clinic) -> None:
    login = northside.people["patient"]
    choice = f'<option value="{login.pk}">'
    assert choice in northside.admin("nurse").get(REMOVALS).content.decode()
    with northside.scope(), transaction.atomic():
        change_organization(changes={"assigned_patients_only": True})
        remove_from_care_team(patient=northside.patients[0], member=northside.people["nurse"])
    assert choice not in northside.admin("nurse").get(REMOVALS).content.decode()
    assert choice in northside.admin("admin").get(REMOVALS).content.decode()
    for named in (login.email, str(login.user_public_id)):
        answer = send(
            northside.api("nurse"),
            "POST",
            "/api/v1/organizations/current/removal-requests",
            {"member": named, "reason": "has left"},
        )
        assert problems(answer) == [("unknown", ["body", "member"])]


def test_the_last_owner_stays_on_the_page_too(northside: Clinic) -> None:
    post(northside, REMOVALS, {"action": "request", "member": northside.people["owner"].pk, "reason": "left"})
    with northside.scope(), transaction.atomic():
        named = str(RemovalRequest.objects.get(member=northside.people["owner"]).public_id)
    assert northside.admin("admin").post(REMOVALS, {"action": "approve", "request": named}).status_code == 403
    html = post(northside, REMOVALS, {"action": "approve", "request": named}, by="owner").content.decode()
    assert "The last owner of an organization stays its owner." in html
    with northside.scope(), transaction.atomic():
        assert RemovalRequest.objects.get(public_id=named).state == "pending"


def settings_of(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    form = clinic.admin("owner").get(CLINIC).context["form"]
    known = {name: "" if value is None else value for name, value in form.initial.items() if value is not False}
    return {**known, **changes}


def test_the_clinics_settings(northside: Clinic, southside: Clinic) -> None:
    changed = settings_of(
        northside,
        name="Northside Hospital",
        timezone="Europe/Berlin",
        glucose_unit="mmol/L",
        assigned_patients_only="on",
        reading_retention_days="730",
    )
    assert "Saved." in post(northside, CLINIC, changed, by="owner").content.decode()
    with northside.scope(), transaction.atomic():
        clinic = Organization.objects.get(pk=northside.organization.pk)
    assert (clinic.name, clinic.timezone, clinic.glucose_unit) == ("Northside Hospital", "Europe/Berlin", "mmol/L")
    assert (clinic.assigned_patients_only, clinic.code) == (True, "northside")
    assert clinic.reading_retention_days == 730
    for wrong in (
        {"timezone": "Berlin"},
        {"audit_retention_days": "30"},
        {"reading_retention_days": "0"},
        {"name": ""},
    ):
        answer = post(northside, CLINIC, settings_of(northside, **wrong), by="owner")
        assert answer.context["form"].errors
    shown = northside.admin("admin").get(CLINIC).content.decode()
    assert "Northside Hospital" in shown
    assert "cannot be brought back" in shown


@pytest.mark.parametrize("role", ["clinician", "nurse", "viewer"])
def test_others_do_not_see_the_settings(northside: Clinic, role: str) -> None:
    assert northside.admin(role).get(CLINIC).status_code == 403
    assert northside.admin(role).post(CLINIC, {"name": "X"}).status_code == 403
