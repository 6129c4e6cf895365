from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from accounts.services import add_member, change_member
from tests.clinics import PASSWORD, Clinic
from tests.rest import FORBIDDEN, NOT_FOUND, problems, rows, send

pytestmark = pytest.mark.django_db

USERS = "/api/v1/users"
ME = f"{USERS}/me"
KEYS = {"id", "email", "name", "phone", "role", "isActive", "patient", "createdAt", "lastUsedAt"}
NEW = {"email": "doctor@new.example", "name": "Doctor New", "role": "clinician", "phone": "+49 30 1"}


def user(clinic: Clinic, role: str) -> str:
    return f"{USERS}/{clinic.people[role].user_public_id}"


def test_the_list_shows_the_members_of_the_clinic(northside: Clinic, southside: Clinic) -> None:
    items = northside.api("admin").get(USERS).json()["items"]
    assert {item["role"] for item in items} == set(Role.values)
    assert all(set(item) == KEYS for item in items)
    assert {item["patient"] for item in items if item["role"] == "patient"} == {"user_5678"}
    assert {item["patient"] for item in items if item["role"] != "patient"} == {None}


def test_a_person_is_admitted_and_signs_in_with_the_password_they_have(northside: Clinic, southside: Clinic) -> None:
    """Nothing in the answer tells that the address has an account elsewhere."""
    known = southside.people["nurse"].email
    answers = [
        send(northside.api("admin"), "POST", USERS, {**NEW, "email": address})
        for address in ("doctor@new.example", known)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    bodies = [answer.json() for answer in answers]
    assert all(set(body) == KEYS for body in bodies)
    assert [(body["name"], body["role"], body["isActive"], body["lastUsedAt"]) for body in bodies] == [
        ("Doctor New", "clinician", True, None)
    ] * 2
    assert bodies[1]["id"] == str(southside.people["nurse"].user_public_id)
    signed_in = Client().post(
        "/api/v1/auth/login", {"email": known, "password": PASSWORD}, content_type="application/json"
    )
    assert signed_in.status_code == 200
    unknown = Client().post(
        "/api/v1/auth/login", {"email": "doctor@new.example", "password": ""}, content_type="application/json"
    )
    assert unknown.status_code in {401, 422}


def test_admitting_asks_the_database_the_same_for_every_address(northside: Clinic, southside: Clinic) -> None:
    api = northside.api("admin")
    counts = []
    for address in ("nobody@new.example", southside.people["nurse"].email):
        with CaptureQueriesContext(connection) as queries:
            assert send(api, "POST", USERS, {**NEW, "email": address}).status_code == 201
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"email": "nowhere"}, ("invalid", ["body", "email"])),
        ({"name": ""}, ("blank", ["body", "name"])),
        ({"role": "king"}, ("invalid_choice", ["body", "role"])),
        ({"role": "patient"}, ("invalid", ["body", "role"])),
        ({"patient": "user_5678"}, ("invalid", ["body", "role"])),
        ({"role": "patient", "patient": "nowhere"}, ("unknown", ["body", "patient"])),
        ({"password": "sound-of-rain-on-slate"}, ("extra_forbidden", ["body", "password"])),
    ],
)
def test_who_cannot_be_admitted(northside: Clinic, changes: dict[str, str], expected: Any) -> None:
    before = rows(northside)
    answer = send(northside.api("owner"), "POST", USERS, {**NEW, **changes})
    assert problems(answer) == [expected]
    assert rows(northside) == before


def test_a_members_address_is_a_conflict_whatever_its_case(northside: Clinic) -> None:
    before = rows(northside)
    for email in ("nurse@northside.example", "NURSE@northside.example"):
        answer = send(northside.api("owner"), "POST", USERS, {**NEW, "email": email})
        assert (answer.status_code, answer.json()) == (
            409,
            {"detail": "This person is a member of the clinic already."},
        )
    assert rows(northside) == before


def test_a_patients_login_names_its_patient(northside: Clinic, southside: Clinic) -> None:
    body = {**NEW, "role": "patient", "patient": "user_9012"}
    answer = send(northside.api("owner"), "POST", USERS, body)
    assert (answer.status_code, answer.json()["patient"]) == (201, "user_9012")
    assert northside.api("owner").get(f"{USERS}/user_9012").json() == answer.json()
    me = northside.api("patient").get(ME).json()
    assert me["patient"] == {"code": "user_5678", "id": str(northside.patients[0].public_id)}
    assert northside.api("patient").get(f"{USERS}/user_5678").json()["id"] == me["id"]
    assert northside.api("patient").get(f"{USERS}/user_9012").json() == FORBIDDEN


def test_two_logins_of_one_patient_are_not_guessed_between(northside: Clinic) -> None:
    body = {**NEW, "role": "patient", "patient": "user_5678"}
    assert send(northside.api("owner"), "POST", USERS, body).status_code == 201
    before = rows(northside)
    assert northside.api("owner").delete(f"{USERS}/user_5678").status_code == 409
    assert rows(northside) == before


@pytest.mark.parametrize("path", ["/api/v1/auth/me", ME])
def test_me(northside: Clinic, southside: Clinic, path: str) -> None:
    nurse = northside.people["nurse"]
    assert northside.api("nurse").get(path).json() == {
        "id": str(nurse.user_public_id),
        "email": "nurse@northside.example",
        "name": nurse.name,
        "phone": nurse.phone,
        "role": "nurse",
        "organization": "northside",
        "memberships": [
            {
                "organization": "northside",
                "organizationName": northside.organization.name,
                "name": nurse.name,
                "role": "nurse",
            }
        ],
        "patient": None,
    }


@pytest.mark.parametrize("role", ["viewer", "patient", "owner"])
def test_people_change_their_own_name_and_phone_and_nothing_else(northside: Clinic, role: str) -> None:
    api = northside.api(role)
    answer = send(api, "PATCH", ME, {"name": "New Name", "phone": "12"})
    assert (answer.status_code, answer.json()["name"], answer.json()["phone"]) == (200, "New Name", "12")
    assert (api.get(ME).json()["name"], api.get(ME).json()["phone"]) == ("New Name", "12")
    before = rows(northside)
    for field, value in (("role", "owner"), ("isActive", False), ("email", "a@b.example"), ("patient", "user_9012")):
        assert problems(send(api, "PATCH", ME, {field: value})) == [("extra_forbidden", ["body", field])]
    assert rows(northside) == before


def test_by_id_people_reach_only_themselves(northside: Clinic, southside: Clinic) -> None:
    api = northside.api("viewer")
    assert set(api.get(user(northside, "viewer")).json()) == KEYS
    assert send(api, "PATCH", user(northside, "viewer"), {"phone": "7"}).json()["phone"] == "7"
    before = rows(northside)
    assert problems(send(api, "PATCH", user(northside, "viewer"), {"role": "owner"})) == [
        ("extra_forbidden", ["body", "role"])
    ]
    paths = [user(northside, "nurse"), user(southside, "nurse"), f"{USERS}/nobody", f"{USERS}/user_5678"]
    for path in paths:
        for method in ("GET", "PATCH", "DELETE"):
            answer = send(api, method, path, {"name": "X"} if method == "PATCH" else None)
            assert (answer.status_code, answer.json()) == (403, FORBIDDEN)
    assert send(api, "DELETE", user(northside, "viewer")).status_code == 403
    assert rows(northside) == before


def test_members_of_the_other_clinic_are_unknown(northside: Clinic, southside: Clinic) -> None:
    before = rows(southside)
    for method in ("GET", "PATCH", "DELETE"):
        answer = send(northside.api("owner"), method, user(southside, "nurse"), {} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert rows(southside) == before


def test_the_last_owner_stays(northside: Clinic) -> None:
    api = northside.api("owner")
    before = rows(northside)
    for method, body in (("DELETE", None), ("PATCH", {"role": "admin"}), ("PATCH", {"isActive": False})):
        answer = send(api, method, user(northside, "owner"), body)
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["msg"] == "The last owner of an organization stays its owner."
    assert rows(northside) == before
    assert send(api, "PATCH", user(northside, "admin"), {"role": "owner"}).status_code == 200
    assert send(api, "DELETE", user(northside, "owner")).status_code == 204
    assert api.get(ME).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_step_down_at_once_one_stays(live_url: str, northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        change_member(membership=northside.people["admin"], changes={"role": Role.OWNER})
    for _ in range(5):
        with northside.scope(), transaction.atomic():
            for role in ("owner", "admin"):
                change_member(membership=northside.people[role], changes={"is_active": True})
        requests = [(f"{live_url}{user(northside, role)}", northside.access_token(role)) for role in ("owner", "admin")]
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(step_down, requests)) == [204, 422]


def step_down(request: tuple[str, str]) -> int:
    address, token = request
    return httpx.delete(address, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code


def test_an_admin_renames_no_owner(northside: Clinic) -> None:
    for changes in ({"name": "Somebody Else"}, {"phone": "+1 555 0100"}):
        assert send(northside.api("admin"), "PATCH", user(northside, "owner"), changes).status_code == 403
        assert send(northside.api("owner"), "PATCH", user(northside, "owner"), changes).status_code == 200


def test_only_an_owner_makes_or_removes_owners(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        add_member(email="second@northside.example", name="Second", role=Role.OWNER)
    before = rows(northside)
    api = northside.api("admin")
    attempts = [
        ("POST", USERS, {**NEW, "role": "owner"}),
        ("PATCH", user(northside, "admin"), {"role": "owner"}),
        ("PATCH", user(northside, "owner"), {"role": "viewer"}),
        ("PATCH", user(northside, "owner"), {"isActive": False}),
        ("DELETE", user(northside, "owner"), None),
    ]
    for method, path, body in attempts:
        answer = send(api, method, path, body)
        assert (answer.status_code, answer.json()) == (
            403,
            {"detail": "Only an owner may make, change or remove an owner."},
        )
    assert rows(northside) == before


def test_a_role_and_the_patient_go_together(northside: Clinic) -> None:
    api = northside.api("owner")
    for role, path in (("nurse", user(northside, "patient")), ("patient", user(northside, "nurse"))):
        assert problems(send(api, "PATCH", path, {"role": role})) == [("invalid", ["body", "role"])]


def test_who_has_left_is_found_and_taken_back(northside: Clinic) -> None:
    api, nurse = northside.api("owner"), northside.api("nurse")
    assert api.delete(user(northside, "nurse")).status_code == 204
    assert nurse.get("/api/v1/patients").status_code == 401
    assert "nurse" not in {item["role"] for item in api.get(USERS).json()["items"]}
    (left,) = api.get(USERS, {"active": "false"}).json()["items"]
    assert (left["role"], left["isActive"]) == ("nurse", False)
    assert send(api, "PATCH", user(northside, "nurse"), {"isActive": True}).status_code == 200
    # What was signed in before stays out: whoever is admitted again signs in anew.
    assert nurse.get("/api/v1/patients").status_code == 401
    assert northside.api("nurse").get("/api/v1/patients").status_code == 200


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"role": "nurse"}, {"nurse"}),
        ({"search": "adm"}, {"admin"}),
        ({"search": "owner@"}, {"owner"}),
        ({"search": "%"}, set()),
    ],
)
def test_filters(northside: Clinic, parameters: dict[str, str], found: set[str]) -> None:
    items = northside.api("admin").get(USERS, parameters).json()["items"]
    assert {item["role"] for item in items} == found


def test_the_list_costs_the_same_for_many(northside: Clinic) -> None:
    api = northside.api("admin")
    with CaptureQueriesContext(connection) as few:
        assert len(api.get(USERS).json()["items"]) == 6
    with northside.scope(), transaction.atomic():
        for number, patient in enumerate(northside.patients * 3):
            add_member(email=f"p{number}@x.example", name="P", role=Role.PATIENT, patient_id=patient.id)
    with CaptureQueriesContext(connection) as many:
        assert len(api.get(USERS).json()["items"]) == 12
    assert len(many) == len(few)
