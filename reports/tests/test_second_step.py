"""The admin asks staff for a second factor, and a password alone opens nothing meanwhile."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.browser_sessions.models import BrowserSession
from accounts.models import User
from accounts.one_time.services import disable, has_device
from accounts.services import set_password
from audit.models import Entry
from reports import half_sign_in
from tests.clinics import PASSWORD
from tests.second_factor import code_for, set_up_second_factor

pytestmark = pytest.mark.promise(24)

LOGIN, CODE, SET_UP = "/admin/login/", "/admin/login/code/", "/admin/login/set-up/"
PATIENTS = "/admin/patients/patient/"
EMAIL = "nurse@northside.example"


@pytest.fixture
def required(settings):
    settings.STAFF_SECOND_FACTOR = "required"


def person(clinic, role="nurse") -> User:
    user = User.objects.with_id(clinic.people[role].user_id)
    assert user
    return user


def give_password(client: Client, email: str = EMAIL, **more):
    return client.post(LOGIN, {"username": email, "password": PASSWORD, **more})


def is_shut(client: Client) -> bool:
    return str(client.get(PATIENTS).headers.get("Location", "")).startswith(LOGIN)


def test_the_password_leads_to_the_code_and_opens_nothing(northside):
    phone = set_up_second_factor(person(northside))
    client = Client()
    assert give_password(client).headers["Location"] == CODE
    assert "_auth_user_id" not in client.session
    assert is_shut(client)
    for page in ("/admin/", "/admin/security/", "/admin/security/codes/", "/admin/support/enter/", SET_UP):
        assert client.get(page).status_code == 302, page
    response = client.post(CODE, {"code": code_for(phone.secret, steps=1)}, follow=True)
    assert "CANARY-NORTH" in response.content.decode()


def test_a_wrong_code_opens_nothing_and_a_code_opens_once(northside):
    phone = set_up_second_factor(person(northside))
    client, other = Client(), Client()
    give_password(client)
    assert "code is wrong" in client.post(CODE, {"code": "no"}).content.decode()
    assert is_shut(client)
    code = code_for(phone.secret, steps=1)
    assert client.post(CODE, {"code": code}).status_code == 302
    give_password(other)
    assert other.post(CODE, {"code": code}).status_code == 200
    assert is_shut(other)


def test_a_recovery_code_signs_in_once(northside):
    phone = set_up_second_factor(person(northside))
    for expected in (302, 200):
        client = Client()
        give_password(client)
        assert client.post(CODE, {"code": phone.recovery_codes[0]}).status_code == expected
        assert is_shut(client) == (expected == 200)


def test_who_runs_out_of_recovery_codes_is_shown_where_new_ones_are_made(northside):
    phone = set_up_second_factor(person(northside))
    locations = []
    for code in phone.recovery_codes[:8]:
        client = Client()
        give_password(client)
        locations.append(client.post(CODE, {"code": code}).headers["Location"])
    assert locations == ["/admin/"] * 7 + ["/admin/security/"]


def test_too_many_wrong_codes_wait(northside):
    phone = set_up_second_factor(person(northside))
    client = Client()
    give_password(client)
    for _ in range(5):
        client.post(CODE, {"code": "000000"})
    answer = client.post(CODE, {"code": code_for(phone.secret, steps=1)})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 60
    assert "Too many" in answer.content.decode()


def test_a_wrong_code_stands_in_the_ledger(northside):
    set_up_second_factor(person(northside))
    client = Client()
    give_password(client)
    client.post(CODE, {"code": "000000"})
    with northside.scope():
        entry = Entry.objects.filter(action="login_failed").latest("id")
    assert (entry.reason, entry.object_id) == ("wrong code", str(northside.people["nurse"].user_public_id))


def test_staff_without_a_second_factor_set_one_up_before_anything_else(northside, required):
    client = Client()
    assert give_password(client, next=f"{PATIENTS}?show=all").headers["Location"] == SET_UP
    assert is_shut(client)
    assert client.get(CODE).headers["Location"] == SET_UP
    page = client.get(SET_UP).content.decode()
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert secret
    assert "data:image/svg+xml" in page
    assert "not right" in client.post(SET_UP, {"code": "000000"}).content.decode()
    assert not has_device(person(northside))
    answer = client.post(SET_UP, {"code": code_for(secret[1])})
    assert answer.headers["Location"] == "/admin/security/codes/"
    codes = re.findall(r"<code>([a-z2-9-]{19})</code>", client.get("/admin/security/codes/").content.decode())
    assert len(set(codes)) == 10
    assert client.get("/admin/security/codes/").headers["Location"] == "/admin/security/", "shown once"
    assert client.get(PATIENTS).status_code == 200
    again = Client()
    assert give_password(again).headers["Location"] == CODE
    assert again.post(CODE, {"code": codes[3]}).status_code == 302


def test_a_session_without_a_second_factor_ends_where_one_is_required(northside, settings):
    client = northside.admin("nurse")
    assert not is_shut(client)
    settings.STAFF_SECOND_FACTOR = "required"
    assert is_shut(client)


def test_where_it_is_offered_nobody_is_asked_who_has_none(northside):
    client = Client()
    assert give_password(client).headers["Location"] == "/admin/"
    assert not is_shut(client)


@pytest.mark.parametrize("change", ["password", "old", "disabled"])
def test_a_half_sign_in_does_not_outlive_the_password_or_its_time(northside, change, monkeypatch):
    user = person(northside)
    phone = set_up_second_factor(user)
    client = Client()
    give_password(client)
    if change == "password":
        set_password(user=user, password="a-slate-under-quiet-rain")
    elif change == "old":
        monkeypatch.setattr(half_sign_in, "LASTS_SECONDS", -1)
    else:
        disable(user=user, reason="test")
    answer = client.post(CODE, {"code": code_for(phone.secret, steps=1)})
    assert answer.status_code == 200 if change == "disabled" else answer.headers["Location"] == LOGIN
    assert is_shut(client)


def test_an_enrolment_that_another_browser_began_shows_no_secret_here(northside, required):
    first, second = Client(), Client()
    give_password(first)
    give_password(second)
    assert first.get(SET_UP).headers["Location"] == LOGIN
    assert second.get(SET_UP).status_code == 200


@pytest.mark.promise(25)
def test_each_step_gives_the_session_another_key(northside):
    phone = set_up_second_factor(person(northside))
    client = Client()
    client.get(LOGIN)
    keys = [client.session.session_key]
    give_password(client)
    keys.append(client.session.session_key)
    client.post(CODE, {"code": code_for(phone.secret, steps=1)})
    keys.append(client.session.session_key)
    assert len(set(keys)) == 3
    before = Client()
    for key in keys[:2]:
        before.cookies["session"] = str(key)
        assert is_shut(before)


def test_signing_in_is_told_to_the_clinic(northside):
    give_password(Client())
    with northside.scope():
        entry = Entry.objects.filter(action="login").latest("id")
    assert (entry.actor_kind, entry.actor_name) == ("person", "Nurse CANARY-NORTH")
    northside.admin("nurse").post("/admin/logout/")
    with northside.scope():
        assert Entry.objects.filter(action="logout").latest("id").actor_name == "Nurse CANARY-NORTH"


def test_a_session_says_whose_it_is_and_when_it_was_used(northside):
    client = northside.admin("nurse")
    BrowserSession.objects.update(last_seen_at=timezone.now() - timedelta(minutes=5))
    client.get(PATIENTS)
    (row,) = BrowserSession.objects.all()
    assert row.user_id == northside.people["nurse"].user_id
    assert timezone.now() - row.last_seen_at < timedelta(seconds=30)
