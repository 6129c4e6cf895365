"""Care teams, consents, emergencies and archived patients in the workplace."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from accounts.organizations import change_organization
from audit.models import Entry
from patients.care_team import remove_from_care_team
from patients.models import CareTeamMember, Consent, EmergencyAccess, Patient
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db

EMERGENCY, PATIENTS = "/admin/emergency-access/", "/admin/patients/patient/"
REASON = "unconscious in the corridor"


@pytest.fixture
def limited(northside: Clinic) -> Clinic:
    """Its nurse looks after the first patient, and sees nobody else."""
    with northside.scope(), transaction.atomic():
        change_organization(changes={"assigned_patients_only": True})
        remove_from_care_team(patient=northside.patients[1], member=northside.people["nurse"])
    return northside


def page(clinic: Clinic, number: int = 0) -> str:
    return f"{PATIENTS}{clinic.patients[number].pk}/"


def act(clinic: Clinic, action: str, *, by: str = "admin", number: int = 0, **form: Any) -> Any:
    return clinic.admin(by).post(f"{page(clinic, number)}care/", {"action": action, **form}, follow=True)


def ask(clinic: Clinic, *, by: str = "nurse", **changes: Any) -> Any:
    form = {"action": "open", "code": "user_9012", "reason": REASON, "minutes": "30", **changes}
    return clinic.admin(by).post(EMERGENCY, form, follow=True)


def test_the_care_team_is_made_up_on_the_patients_page(northside: Clinic, southside: Clinic) -> None:
    clinician = northside.people["clinician"]
    html = act(northside, "team-add", member=clinician.pk).content.decode()
    assert "The care team has a new member." in html
    assert clinician.name in html
    for nobody in (clinician.pk, northside.people["patient"].pk, southside.people["viewer"].pk, "x"):
        assert "Choose a member of the staff" in act(northside, "team-add", member=nobody).content.decode()
    act(northside, "team-remove", member=clinician.user_public_id)
    with northside.scope(), transaction.atomic():
        assert not CareTeamMember.objects.filter(member=clinician).exists()


@pytest.mark.parametrize(("by", "action"), [("nurse", "team-add"), ("viewer", "consent-add"), ("nurse", "team-remove")])
def test_who_may_not(northside: Clinic, by: str, action: str) -> None:
    assert act(northside, action, by=by, member=northside.people["viewer"].pk).status_code == 403


def test_consents_are_written_down_and_withdrawn(northside: Clinic) -> None:
    form: dict[str, Any] = {"kind": "research", "version": "2026-03", "note": "on paper"}
    html = act(northside, "consent-add", by="nurse", **form).content.decode()
    assert "The consent is written down." in html
    assert f"written down by {northside.people['nurse'].name}" in html
    again = act(northside, "consent-add", by="nurse", **form).content.decode()
    assert "The patient has given this consent already." in again
    with northside.scope(), transaction.atomic():
        consent = Consent.objects.get(kind="research")
    assert "withdrawn" in act(northside, "consent-withdraw", by="nurse", consent=consent.public_id).content.decode()
    assert act(northside, "consent-withdraw", by="nurse", number=1, consent=consent.public_id).status_code == 404


@pytest.mark.promise(58)
def test_an_emergency_leads_to_the_patient_and_is_seen_by_the_owners(limited: Clinic, southside: Clinic) -> None:
    nurse = limited.admin("nurse")
    assert nurse.get(page(limited, 1)).status_code == 404
    assert limited.patients[1].code not in nurse.get(PATIENTS).content.decode()
    html = ask(limited).content.decode()
    assert "Emergency access is open." in html
    assert "You see this patient through emergency access" in html
    for path in (EMERGENCY, page(limited, 1)):
        seen = limited.admin("owner").get(path).content.decode()
        assert REASON in seen
        assert limited.people["nurse"].name in seen
    with limited.scope(), transaction.atomic():
        access = EmergencyAccess.objects.open().get()
        assert Entry.objects.filter(action="emergency_access", reason=REASON).count() == 1
    nurse.post(EMERGENCY, {"action": "end", "access": access.public_id})
    assert nurse.get(page(limited, 1)).status_code == 404
    assert "Another care team" in nurse.get(EMERGENCY).content.decode()


@pytest.mark.promise(58)
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"reason": "short"}, "at least 10 characters"),
        ({"minutes": "61"}, "less than or equal to 60"),
        ({"code": "nobody"}, "The clinic has no patient with this code."),
        ({"code": "user_5678"}, "You see this patient without it."),
    ],
)
def test_what_an_emergency_needs(limited: Clinic, wrong: dict[str, str], words: str) -> None:
    assert words in ask(limited, **wrong).content.decode()
    with limited.scope(), transaction.atomic():
        assert not EmergencyAccess.objects.open().exists()


def test_a_guess_at_a_code_is_in_the_ledger(limited: Clinic) -> None:
    ask(limited, code="nobody")
    with limited.scope(), transaction.atomic():
        entry = Entry.objects.get(action="denied")
    assert (entry.object_type, entry.object_id, entry.outcome) == ("patients.emergencyaccess", "nobody", "failed")
    assert (entry.actor_role, entry.reason) == ("nurse", "emergency access to an unknown patient")


def test_others_end_no_emergency_of_somebody_else(limited: Clinic) -> None:
    ask(limited)
    with limited.scope(), transaction.atomic():
        access = EmergencyAccess.objects.open().get()
    assert limited.admin("clinician").post(EMERGENCY, {"action": "end", "access": access.public_id}).status_code == 404
    assert limited.admin("viewer").get(EMERGENCY).status_code == 403
    limited.admin("admin").post(EMERGENCY, {"action": "end", "access": access.public_id})
    with limited.scope(), transaction.atomic():
        assert not EmergencyAccess.objects.open().exists()


def test_who_sees_everybody_is_offered_no_emergency(northside: Clinic) -> None:
    assert "You see every patient of the clinic" in northside.admin("nurse").get(EMERGENCY).content.decode()


def test_an_archived_patient_comes_back(northside: Clinic, southside: Clinic) -> None:
    owner = northside.admin("owner")
    owner.post(f"{page(northside)}archive/")
    html = owner.get(f"{PATIENTS}archived/").content.decode()
    assert "user_5678" in html
    assert "user_9012" not in html
    assert "SOUTH" not in html
    answer = owner.post(f"{PATIENTS}archived/", {"patient": "user_5678"}, follow=True)
    assert "back on the lists" in answer.content.decode()
    with northside.scope(), transaction.atomic():
        assert Patient.objects.get(code="user_5678").archived_at is None
        changes = Entry.objects.filter(object_id="user_5678", reason="brought back").get().changes
    assert changes[0][0] == "archived_at"
    assert northside.admin("nurse").get(f"{PATIENTS}archived/").status_code == 403
