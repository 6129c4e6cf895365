from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import RefreshFamily, User
from accounts.passwords import DEMO_PASSWORD
from accounts.refusals import NO_CLINIC
from accounts.roles import Role
from accounts.services import add_member, change_member, deactivate_member, set_password
from tests.clinics import PASSWORD, Clinic

pytestmark = pytest.mark.django_db

LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"


def login(client: Client, email: str, password: str = PASSWORD):
    return client.post(LOGIN, {"email": email, "password": password}, content_type="application/json")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_person_signs_in_and_sees_who_they_are(client: Client, northside: Clinic, southside: Clinic) -> None:
    answer = login(client, "Nurse@northside.example")
    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (answer.json()["expires_in"], answer.json()["token_type"]) == (600, "bearer")
    assert answer.headers["Cache-Control"] == "no-store"

    me = client.get(ME, headers=bearer(answer.json()["access_token"]))
    assert me.status_code == 200
    assert (me.json()["role"], me.json()["organization"]) == ("nurse", "northside")
    assert "SOUTH" not in me.text


def test_the_oauth_form_signs_in_as_well(client: Client, northside: Clinic) -> None:
    answer = client.post("/api/v1/auth/token", {"username": "nurse@northside.example", "password": PASSWORD})
    # Django's client sends a form as multipart by default; the OAuth form is urlencoded.
    assert answer.status_code == 415
    answer = client.post(
        "/api/v1/auth/token",
        "username=nurse%40northside.example&password=" + PASSWORD,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200
    assert client.get(ME, headers=bearer(answer.json()["access_token"])).json()["role"] == "nurse"


@pytest.mark.promise(22)
def test_wrong_passwords_and_unknown_people_get_the_same_answer(client: Client, northside: Clinic) -> None:
    wrong = login(client, "nurse@northside.example", "not-the-password")
    unknown = login(client, "nobody@northside.example", "not-the-password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content
    assert wrong.json() == {"detail": "Incorrect email or password."}


@pytest.mark.parametrize("body", [{}, {"email": "a@b.example"}, {"email": 1, "password": []}, []])
def test_an_incomplete_sign_in_is_told_what_is_missing(client: Client, db: None, body: object) -> None:
    answer = client.post(LOGIN, body, content_type="application/json")
    assert answer.status_code == 422
    assert all(item["loc"][0] == "body" for item in answer.json()["detail"])


def test_nul_in_an_address_is_refused(client: Client, db: None) -> None:
    answer = client.post(LOGIN, b'{"email":"a\\u0000@b.example","password":"x"}', content_type="application/json")
    assert answer.status_code == 400


def test_the_demo_password_signs_nobody_in_outside_the_demo(client: Client, northside: Clinic, settings) -> None:
    settings.DEMO = True
    with northside.scope(), transaction.atomic():
        add_member(email="demo@northside.example", name="Demo", role=Role.VIEWER, password=DEMO_PASSWORD)
    assert login(client, "demo@northside.example", DEMO_PASSWORD).status_code == 200
    settings.DEMO = False
    assert login(client, "demo@northside.example", DEMO_PASSWORD).status_code == 401


@pytest.mark.promise(14)
def test_losing_the_membership_ends_access_at_once(northside: Clinic) -> None:
    api = northside.api("nurse")
    assert api.get(ME).status_code == 200
    with northside.scope(), transaction.atomic():
        deactivate_member(membership=northside.people["nurse"])
    assert api.get(ME).status_code == 401
    answer = login(Client(), "nurse@northside.example")
    assert (answer.status_code, answer.json()) == (403, {"detail": NO_CLINIC})


@pytest.mark.promise(22)
def test_that_a_person_has_no_clinic_is_told_after_the_right_password_only(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        deactivate_member(membership=northside.people["nurse"])
    answer = login(Client(), "nurse@northside.example", "not-the-password")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Incorrect email or password."})


@pytest.mark.promise(14)
def test_a_changed_role_acts_on_the_token_that_is_out(northside: Clinic) -> None:
    api = northside.api("nurse")
    with northside.scope(), transaction.atomic():
        change_member(membership=northside.people["nurse"], changes={"role": Role.VIEWER})
    assert api.get(ME).json()["role"] == "viewer"


@pytest.mark.promise(14, 19)
def test_a_new_password_voids_older_tokens(northside: Clinic) -> None:
    api = northside.api("nurse")
    user = User.objects.with_id(northside.people["nurse"].user_id)
    assert user
    set_password(user=user, password="another-good-sentence")
    assert api.get(ME).status_code == 401
    assert login(Client(), "nurse@northside.example", "another-good-sentence").status_code == 200


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "any-valid-token-format-works-for-demo"]
)
def test_placeholder_and_forged_tokens_are_refused(client: Client, db: None, token: str) -> None:
    answer = client.get(ME, headers=bearer(token))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_session_cookie_does_not_open_the_api(northside: Clinic) -> None:
    assert northside.admin("owner").get(ME).status_code == 401


def test_a_person_of_two_clinics_switches(client: Client, northside: Clinic, southside: Clinic) -> None:
    with southside.scope(), transaction.atomic():
        add_member(email="nurse@northside.example", name="Guest", role=Role.VIEWER)
    api = northside.api("nurse")
    switched = api.post(
        "/api/v1/auth/switch-organization", {"organization": "southside"}, content_type="application/json"
    )
    assert switched.status_code == 200
    me = client.get(ME, headers=bearer(switched.json()["access_token"])).json()
    assert (me["organization"], me["role"]) == ("southside", "viewer")
    assert {item["organization"] for item in me["memberships"]} == {"northside", "southside"}
    assert api.get(ME).json()["organization"] == "northside"


@pytest.mark.promise(18)
def test_switching_to_and_fro_lengthens_no_sign_in(northside: Clinic) -> None:
    former = northside.tokens("nurse")
    ends_at = timezone.now() + timedelta(hours=1)
    RefreshFamily.objects.filter(pk=former.family_id).update(expires_at=ends_at)
    answer = Client().post(
        "/api/v1/auth/switch-organization",
        {"organization": "northside"},
        content_type="application/json",
        headers=bearer(former.access),
    )
    assert answer.status_code == 200
    assert set(RefreshFamily.objects.values_list("expires_at", flat=True)) == {ends_at}


def test_switching_to_a_clinic_that_is_not_ones_own_is_refused(northside: Clinic, southside: Clinic) -> None:
    for code in ("southside", "nowhere"):
        answer = northside.api("owner").post(
            "/api/v1/auth/switch-organization", {"organization": code}, content_type="application/json"
        )
        assert (answer.status_code, answer.json()) == (403, {"detail": "You are not a member of this organization."})
