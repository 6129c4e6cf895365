"""How long a browser stays signed in, and where that must be fresh."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.browser_sessions.engine import SIGNED_IN_AT
from accounts.browser_sessions.models import BrowserSession
from accounts.browser_sessions.services import PROVED_AT, SENTENCES
from accounts.models import Membership, User
from accounts.services import set_password
from audit.actions import Action
from audit.models import Entry
from devices.models import DeviceKey
from tests.clinics import PASSWORD
from tests.second_factor import code_for, set_up_second_factor

LOGIN, PATIENTS = "/admin/login/", "/admin/patients/patient/"


def age(client: Client, name: str, by: timedelta) -> None:
    """As if the session's clock had begun earlier."""
    session: Any = client.session
    session[name] -= by.total_seconds()
    session.save()


def unused_for(client: Client, time: timedelta) -> None:
    BrowserSession.objects.filter(session_key=client.session.session_key).update(last_seen_at=timezone.now() - time)


def is_shut(client: Client) -> bool:
    return str(client.get(PATIENTS).headers.get("Location", "")).startswith(LOGIN)


@pytest.mark.promise(18)
def test_fifteen_minutes_without_use_end_a_session_with_a_sentence(northside):
    client = northside.admin("nurse")
    unused_for(client, timedelta(minutes=14))
    assert not is_shut(client)
    unused_for(client, timedelta(minutes=15))
    assert is_shut(client)
    assert SENTENCES["idle"] in client.get(LOGIN).content.decode()
    assert SENTENCES["idle"] not in client.get(LOGIN).content.decode(), "said once"


@pytest.mark.promise(18)
def test_twelve_hours_end_a_session_however_much_it_is_used(northside):
    client = northside.admin("nurse")
    age(client, SIGNED_IN_AT, timedelta(hours=11, minutes=59))
    assert not is_shut(client)
    age(client, SIGNED_IN_AT, timedelta(minutes=1))
    assert is_shut(client)
    assert "12 hours" in client.get(LOGIN).content.decode()


def test_a_session_without_a_beginning_is_none(northside):
    client = northside.admin("nurse")
    session = client.session
    del session[SIGNED_IN_AT]
    session.save()
    assert is_shut(client)


@pytest.mark.promise(25)
def test_a_new_password_ends_the_other_sessions_and_keeps_this_one_under_another_key(northside):
    here, elsewhere = northside.admin("nurse"), northside.admin("nurse")
    before = here.session.session_key
    new = "a-slate-under-quiet-rain"
    here.post("/admin/password_change/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert here.session.session_key != before
    assert BrowserSession.objects.count() == 1
    assert not is_shut(here)
    assert is_shut(elsewhere)


@pytest.mark.promise(25)
def test_sessions_go_with_the_password_that_a_link_sets(northside):
    client = northside.admin("nurse")
    user = User.objects.with_id(northside.people["nurse"].user_id)
    assert user
    set_password(user=user, password="a-slate-under-quiet-rain")
    assert is_shut(client)


@pytest.mark.promise(25)
def test_cookies_are_for_the_server_alone(northside):
    client = Client()
    client.post(LOGIN, {"username": "nurse@northside.example", "password": PASSWORD})
    assert set(client.cookies) >= {"session", "csrf"}
    for name in ("session", "csrf"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert client.cookies["session"]["max-age"] == live_settings.SESSION_COOKIE_AGE == 12 * 3600


def issue(client: Client, clinic, **more):
    return client.post(f"/admin/devices/device/{clinic.devices[1].pk}/", {"action": "issue", "name": "bed", **more})


def keys_of(clinic) -> int:
    with clinic.scope():
        return int(DeviceKey.objects.filter(device=clinic.devices[1]).count())


def test_a_key_needs_a_fresh_sign_in_and_what_was_typed_is_kept(northside):
    client = northside.admin("admin")
    age(client, PROVED_AT, timedelta(minutes=10))
    asked = issue(client, northside)
    assert "Is it still you?" in asked.content.decode()
    assert keys_of(northside) == 0
    repeated = dict(asked.context["repeated"])
    assert repeated == {"action": "issue", "name": "bed"}
    assert "That was not right." in issue(client, northside, fresh_proof="wrong").content.decode()
    assert keys_of(northside) == 0
    assert issue(client, northside, fresh_proof=PASSWORD).status_code == 302
    assert keys_of(northside) == 1
    with northside.scope():
        assert DeviceKey.objects.get(device=northside.devices[1]).name == "bed"
    issue(client, northside)
    assert keys_of(northside) == 2, "fresh for ten minutes more"


def test_a_code_proves_as_well_as_the_password(northside):
    user = User.objects.with_id(northside.people["admin"].user_id)
    assert user
    phone = set_up_second_factor(user)
    client = northside.admin("admin")
    age(client, PROVED_AT, timedelta(minutes=10))
    assert issue(client, northside, fresh_proof=code_for(phone.secret, steps=1)).status_code == 302
    assert keys_of(northside) == 1


def test_a_session_left_open_does_not_help_to_guess(northside):
    client = northside.admin("admin")
    age(client, PROVED_AT, timedelta(minutes=10))
    for _ in range(5):
        issue(client, northside, fresh_proof="wrong")
    assert "Too many" in issue(client, northside, fresh_proof=PASSWORD).content.decode()
    assert keys_of(northside) == 0


def test_a_proof_reaches_no_view_behind_it(northside):
    client = northside.admin("owner")
    age(client, PROVED_AT, timedelta(minutes=10))
    nurse = northside.people["nurse"]
    form = {"name": "Renamed", "role": "viewer", "is_active": "on"}
    address = f"/admin/accounts/membership/{nurse.pk}/change/"
    client.post(address, form)
    with northside.scope():
        assert Membership.objects.get(pk=nurse.pk).role == "nurse"
    client.post(address, {**form, "fresh_proof": PASSWORD})
    with northside.scope():
        assert Membership.objects.get(pk=nurse.pk).role == "viewer"


def test_revoking_a_key_never_waits(northside):
    client = northside.admin("admin")
    age(client, PROVED_AT, timedelta(hours=1))
    with northside.scope():
        key = DeviceKey.objects.get(device=northside.devices[0])
    client.post(f"/admin/devices/device/{northside.devices[0].pk}/", {"action": "revoke", "key": str(key.public_id)})
    with northside.scope():
        assert DeviceKey.objects.get(pk=key.pk).revoked_at is not None


@pytest.mark.promise(19)
def test_signing_out_elsewhere_ends_apps_and_browsers_and_the_ledger_tells(northside):
    elsewhere, here = northside.admin("nurse"), northside.admin("nurse")
    app = Client(headers={"Authorization": f"Bearer {northside.tokens('nurse').access}"})
    here.post("/admin/security/", {"action": "end-all"})
    assert is_shut(elsewhere)
    assert app.get("/api/v1/auth/me").status_code == 401
    assert not is_shut(here)
    with northside.scope(), transaction.atomic():
        ended = Entry.objects.filter(action=Action.SESSION_REVOKED).values_list("reason", flat=True)
        assert set(ended) == {"all other browsers", "all other apps"}


@pytest.mark.parametrize(
    "action", ["enrol", "confirm", "renew", "disable", "replace", "end-browser", "end-app", "end-all"]
)
def test_everything_about_ones_own_security_needs_a_fresh_sign_in(northside, action):
    client = northside.admin("nurse")
    age(client, PROVED_AT, timedelta(minutes=10))
    assert client.get("/admin/security/").status_code == 200
    assert "Is it still you?" in client.post("/admin/security/", {"action": action}).content.decode()
