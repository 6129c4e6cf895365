from __future__ import annotations

import pytest

from accounts.models import Membership

MEMBERS = "/admin/accounts/membership/"


def member(clinic, email):
    with clinic.scope():
        return Membership.objects.filter(email=email).first()


def change(clinic, of, *, by="admin", **form):
    """What a person of the role ``by`` sends to change the person of the role ``of``."""
    person = clinic.people[of]
    sent = {"name": person.name, "role": person.role, "is_active": "on", **form}
    sent = {name: value for name, value in sent.items() if value is not None}
    return clinic.admin(by).post(f"{MEMBERS}{person.pk}/change/", sent, follow=True)


def test_the_list_tells_name_role_and_state(northside, southside):
    html = northside.admin("admin").get(MEMBERS).content.decode()
    for expected in ("nurse@northside.example", "Nurse CANARY-NORTH", "Clinician", "Active"):
        assert expected in html
    assert "southside.example" not in html
    assert "CANARY-SOUTH" not in html


@pytest.mark.parametrize("role", ["clinician", "nurse", "viewer"])
def test_only_managers_see_members(northside, role):
    client = northside.admin(role)
    assert client.get(MEMBERS).status_code == 403
    assert client.get(f"{MEMBERS}{northside.people['owner'].pk}/change/").status_code == 403
    assert ">Members<" not in client.get("/admin/patients/patient/").content.decode()


def test_members_are_asked_to_come(northside):
    assert northside.admin("admin").get(f"{MEMBERS}add/").headers["Location"] == "/admin/invitations/"
    form = {"email": "new@northside.example", "name": "New Nurse", "role": "nurse"}
    assert northside.admin("admin").post(f"{MEMBERS}add/", form).headers["Location"] == "/admin/invitations/"
    assert member(northside, "new@northside.example") is None


def test_changing_a_role_acts_at_once(northside):
    nurse = northside.admin("nurse")
    assert nurse.get("/admin/patients/patient/add/").status_code == 200
    change(northside, "nurse", role="viewer")
    assert nurse.get("/admin/patients/patient/add/").status_code == 403


def test_the_last_owner_stays(northside):
    for form in ({"role": "viewer"}, {"is_active": None}):
        html = change(northside, "owner", by="owner", **form).content.decode()
        assert "The last owner of an organization stays its owner." in html
    owner = member(northside, "owner@northside.example")
    assert (owner.role, owner.is_active) == ("owner", True)


def test_only_an_owner_makes_or_changes_an_owner(northside):
    assert change(northside, "owner", name="Renamed").status_code == 403
    assert change(northside, "nurse", role="owner").context["adminform"].errors
    assert member(northside, "nurse@northside.example").role == "nurse"
    change(northside, "nurse", by="owner", role="owner")
    assert member(northside, "nurse@northside.example").role == "owner"


def test_deactivating_a_patients_login_keeps_its_role(northside):
    change(northside, "patient", role="owner", is_active=None)
    login = member(northside, "patient@northside.example")
    assert (login.role, login.is_active) == ("patient", False)


def test_the_address_of_a_member_is_fixed(northside):
    change(northside, "nurse", email="other@northside.example", name="Renamed")
    assert member(northside, "nurse@northside.example").name == "Renamed"


def test_members_of_another_clinic_are_not_found(northside, southside):
    foreign = southside.people["viewer"]
    response = northside.admin("owner").post(
        f"{MEMBERS}{foreign.pk}/change/", {"name": "Taken", "role": "owner", "is_active": "on"}
    )
    assert response.status_code == 404
    assert member(southside, foreign.email).name == "Viewer CANARY-SOUTH"


def test_pages_speak_of_members_by_name(northside):
    listed = northside.admin("owner").get(MEMBERS).content.decode()
    assert "Members" in listed
    assert "memberships" not in listed
