from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from accounts import tokens
from accounts.models import User
from accounts.principals import person_principal
from accounts.services import add_member
from audit.models import Entry
from tenancy.models import Organization
from tests.clinics import Clinic
from tests.rest import FORBIDDEN, problems, send

pytestmark = pytest.mark.django_db

CURRENT = "/api/v1/organizations/current"
SETTINGS = f"{CURRENT}/settings"


def stored(clinic: Clinic) -> Organization:
    with clinic.scope(), transaction.atomic():
        return Organization.objects.get(pk=clinic.organization.pk)


@pytest.mark.parametrize("role", ["owner", "viewer", "patient"])
def test_people_see_their_clinics_and_no_others(northside: Clinic, southside: Clinic, role: str) -> None:
    own = {"code": "northside", "name": northside.organization.name, "role": role}
    assert northside.api(role).get("/api/v1/organizations").json() == {"items": [own], "next": None}


def test_a_person_of_two_clinics_sees_both(northside: Clinic, southside: Clinic) -> None:
    nurse = northside.people["nurse"]
    with southside.scope(), transaction.atomic():
        add_member(email=nurse.email, name="Guest", role="viewer")
    user = User.objects.with_id(nurse.user_id)
    assert user
    principal = person_principal(user.public_id, northside.organization.id)
    assert principal
    token = tokens.start_family(principal=principal).access
    client = northside.device_api()
    items = client.get("/api/v1/organizations", headers={"X-API-Key": "", "Authorization": f"Bearer {token}"}).json()
    assert {(item["code"], item["role"]) for item in items["items"]} == {
        ("northside", "nurse"),
        ("southside", "viewer"),
    }


def test_owners_and_admins_keep_the_clinics_name_and_contact(northside: Clinic, southside: Clinic) -> None:
    changes = {
        "name": "Northside Hospital",
        "kind": "non_profit",
        "contactEmail": "desk@northside.example",
        "contactPhone": "+49 30 1",
        "contactAddress": "Lindenweg 3",
    }
    for role in ("owner", "admin"):
        answer = send(northside.api(role), "PATCH", CURRENT, changes)
        assert answer.status_code == 200, answer.content
        assert {name: answer.json()[name] for name in changes} == changes
        assert northside.api("owner").get(CURRENT).json() == answer.json()
    assert stored(northside).name == "Northside Hospital"
    assert stored(southside).name == southside.organization.name
    with northside.scope(), transaction.atomic():
        entry = Entry.objects.filter(object_type="tenancy.organization", action="update").order_by("at").first()
    assert ["name", northside.organization.name, "Northside Hospital"] in entry.changes


@pytest.mark.parametrize("field", ["code", "status", "createdAt", "id", "organization"])
def test_what_only_the_platform_sets_is_refused(northside: Clinic, field: str) -> None:
    answer = send(northside.api("owner"), "PATCH", CURRENT, {field: "pending"})
    assert problems(answer) == [("extra_forbidden", ["body", field])]
    assert stored(northside).status == "active"


def test_settings(northside: Clinic, southside: Clinic) -> None:
    owner = northside.api("owner")
    assert owner.get(SETTINGS).json() == {
        "timezone": "UTC",
        "glucoseUnit": "mg/dL",
        "readingMaxAgeHours": None,
        "readingRetentionDays": None,
        "assignedPatientsOnly": False,
        "auditRetentionDays": 2192,
        "deviceKeyMaxAgeDays": None,
    }
    changed = {
        "timezone": "Europe/Berlin",
        "glucoseUnit": "mmol/L",
        "readingMaxAgeHours": 24,
        "readingRetentionDays": 365,
        "assignedPatientsOnly": True,
        "auditRetentionDays": 3650,
        "deviceKeyMaxAgeDays": 90,
    }
    answer = send(owner, "PATCH", SETTINGS, changed)
    assert (answer.status_code, answer.json()) == (200, changed)
    assert owner.get(SETTINGS).json() == changed
    assert southside.api("owner").get(SETTINGS).json()["timezone"] == "UTC"


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("timezone", "Berlin", "invalid"),
        ("timezone", "localtime", "invalid"),
        ("glucoseUnit", "g/l", "invalid_choice"),
        ("readingMaxAgeHours", 0, "min_value"),
        ("readingRetentionDays", 0, "min_value"),
        ("readingRetentionDays", 3_651, "max_value"),
        ("auditRetentionDays", 364, "min_value"),
        ("auditRetentionDays", 36_501, "max_value"),
        ("assignedPatientsOnly", "maybe", "invalid"),
    ],
)
def test_wrong_settings_are_refused(northside: Clinic, field: str, value: Any, kind: str) -> None:
    assert problems(send(northside.api("owner"), "PATCH", SETTINGS, {field: value})) == [(kind, ["body", field])]


@pytest.mark.parametrize("role", ["clinician", "nurse", "viewer", "patient"])
def test_others_neither_see_nor_change_the_settings(northside: Clinic, role: str) -> None:
    for path in (CURRENT, SETTINGS):
        for method, body in (("GET", None), ("PATCH", {"name": "X"})):
            answer = send(northside.api(role), method, path, body)
            assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


def test_members_and_users_are_one_list(northside: Clinic, southside: Clinic) -> None:
    admin = northside.api("admin")
    listed = admin.get("/api/v1/users").json()
    assert admin.get(f"{CURRENT}/members").json() == listed
    assert admin.get("/api/v1/admin/users").json() == listed
    assert "southside" not in str(listed)
