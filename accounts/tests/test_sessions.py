from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import RefreshFamily
from accounts.principals import person_principals
from accounts.services import set_password
from accounts.tests.mails import mails_of
from accounts.tests.test_lockout import entries, login
from accounts.tokens import Tokens, start_family
from tests.clinics import PASSWORD, Clinic
from tests.rest import NOT_FOUND, problems, send

pytestmark = pytest.mark.django_db

SESSIONS, ME, CHANGE = "/api/v1/auth/sessions", "/api/v1/auth/me", "/api/v1/auth/password/change"
NEW = "heron-over-the-still-pond"


def api(issued: Tokens) -> Client:
    return Client(headers={"Authorization": f"Bearer {issued.access}"})


def change(client: Client, old: str = PASSWORD, new: str = NEW) -> Any:
    return send(client, "POST", CHANGE, {"oldPassword": old, "newPassword": new})


@pytest.mark.promise(19)
def test_a_person_sees_where_they_are_signed_in_and_nobody_elses(northside: Clinic, southside: Clinic) -> None:
    phone = start_family(principal=northside.principal("nurse"), user_agent="Phone/1.0")
    here = northside.tokens("nurse")
    northside.tokens("viewer")
    southside.tokens("nurse")
    items = api(here).get(SESSIONS).json()["items"]
    assert {(item["id"], item["client"], item["current"]) for item in items} == {
        (str(here.family_id), "", True),
        (str(phone.family_id), "Phone/1.0", False),
    }
    assert {(item["organization"], item["kind"]) for item in items} == {("northside", "app")}
    assert set(items[0]) == {"id", "kind", "createdAt", "lastUsedAt", "expiresAt", "client", "organization", "current"}
    assert items[0]["expiresAt"].endswith("Z")


@pytest.mark.promise(19)
def test_ending_one_sign_in_ends_both_its_tokens_and_no_other(northside: Clinic) -> None:
    lost, here = northside.tokens("nurse"), northside.tokens("nurse")
    assert api(here).delete(f"{SESSIONS}/{lost.family_id}").status_code == 204
    assert api(lost).get(ME).status_code == 401
    assert send(Client(), "POST", "/api/v1/auth/refresh", {"refresh_token": lost.refresh}).status_code == 401
    assert api(here).get(ME).status_code == 200
    answer = api(here).delete(f"{SESSIONS}/{lost.family_id}")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.promise(19)
def test_ending_all_others_leaves_the_one_that_asks(northside: Clinic, southside: Clinic) -> None:
    others = [northside.tokens("nurse") for _ in range(3)]
    browser = northside.admin("nurse")
    here, colleague = northside.tokens("nurse"), northside.tokens("viewer")
    assert {item["kind"] for item in api(here).get(SESSIONS).json()["items"]} == {"app", "browser"}
    assert api(here).delete(SESSIONS).status_code == 204
    assert [api(other).get(ME).status_code for other in others] == [401] * 3
    assert browser.get("/admin/patients/patient/").status_code == 302
    assert [api(one).get(ME).status_code for one in (here, colleague)] == [200, 200]


@pytest.mark.promise(12, 19)
def test_sign_ins_of_others_answer_as_unknown_ones(northside: Clinic, southside: Clinic) -> None:
    foreign = [northside.tokens("owner").family_id, southside.tokens("nurse").family_id, uuid.uuid4(), "x", "1"]
    client = northside.api("nurse")
    answers = [client.delete(f"{SESSIONS}/{number}") for number in foreign]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, b'{"detail":"Not found."}')}
    assert not RefreshFamily.objects.filter(revoked_at__isnull=False).exists()


@pytest.mark.promise(18)
def test_what_has_ended_is_not_listed(northside: Clinic) -> None:
    northside.tokens("nurse")
    with time_machine.travel(timezone.now() + tokens.IDLE + timedelta(days=1), tick=False):
        here = northside.tokens("nurse")
        assert len(api(here).get(SESSIONS).json()["items"]) == 1


@pytest.mark.promise(19)
def test_a_changed_password_ends_every_other_sign_in_and_this_one_goes_on(northside: Clinic) -> None:
    other, here = northside.tokens("nurse"), northside.tokens("nurse")
    browser = northside.admin("nurse")
    answers: list[Any] = []
    sent = mails_of(lambda: answers.append(change(api(here))))
    (answer,) = answers
    assert answer.status_code == 200, answer.content
    assert api(other).get(ME).status_code == 401
    assert api(here).get(ME).status_code == 401
    assert browser.get("/admin/patients/patient/").status_code == 302
    assert Client(headers={"Authorization": f"Bearer {answer.json()['access_token']}"}).get(ME).status_code == 200
    renewed = send(Client(), "POST", "/api/v1/auth/refresh", {"refresh_token": answer.json()["refresh_token"]})
    assert renewed.status_code == 200
    assert (login(Client()).status_code, login(Client(), password=NEW).status_code) == (401, 200)
    assert [message.subject for message in sent] == ["Your password was changed"]


def test_the_old_password_is_asked_for_and_not_often(northside: Clinic) -> None:
    client = northside.api("nurse")
    assert problems(change(client, old="wrong")) == [("wrong_password", ["body", "oldPassword"])]
    assert "wrong" not in str([item["input"] for item in change(client, old="wrong").json()["detail"]])
    for _ in range(3):
        change(client, old="wrong")
    answer = change(client)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
    assert [entry.action for entry in entries(northside)] == ["login_failed"] * 5


def test_a_weak_new_password_is_refused(northside: Clinic) -> None:
    answer = change(northside.api("nurse"), new="elevenchars")
    assert problems(answer) == [("password_too_short", ["body", "newPassword"])]
    assert login(Client()).status_code == 200


@pytest.mark.promise(14)
def test_a_token_costs_one_question(northside: Clinic, django_assert_num_queries: Any) -> None:
    from accounts.access_tokens import read_access_token
    from accounts.principals import signed_in_principal

    claims = read_access_token(northside.access_token("nurse"))
    assert claims
    with django_assert_num_queries(1):
        principal = signed_in_principal(claims)
    assert principal
    assert (principal.role, principal.family_id) == ("nurse", claims.family_id)


@pytest.mark.promise(14)
@pytest.mark.parametrize("changes", [{"is_active": False}, {"version": 2}])
def test_a_disabled_account_and_a_new_version_act_with_the_next_request(
    northside: Clinic, changes: dict[str, Any]
) -> None:
    from accounts.tests.test_lockout import _change_account

    issued = northside.tokens("nurse")
    assert api(issued).get(ME).status_code == 200
    _change_account(northside, "nurse", **changes)
    assert api(issued).get(ME).status_code == 401
    assert send(Client(), "POST", "/api/v1/auth/refresh", {"refresh_token": issued.refresh}).status_code == 401


@pytest.mark.promise(14, 19)
def test_a_sign_in_that_races_a_new_password_is_dead(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password changes after it was found right, and before the sign-in is written."""
    from accounts.models import User

    begin = tokens.start_family

    def change_first(**arguments: Any) -> Tokens:
        user = User.objects.with_id(northside.people["nurse"].user_id)
        assert user
        set_password(user=user, password=NEW)
        return begin(**arguments)

    monkeypatch.setattr(tokens, "start_family", change_first)
    issued = login(Client()).json()
    assert Client(headers={"Authorization": f"Bearer {issued['access_token']}"}).get(ME).status_code == 401
    assert send(Client(), "POST", "/api/v1/auth/refresh", {"refresh_token": issued["refresh_token"]}).status_code == 401


def test_a_password_that_changes_before_the_clinic_is_looked_up_signs_nobody_in(
    northside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accounts import sign_in
    from accounts.models import User

    look_up = person_principals

    def change_first(public_id: uuid.UUID) -> Any:
        user = User.objects.with_id(northside.people["nurse"].user_id)
        assert user
        set_password(user=user, password=NEW)
        return look_up(public_id)

    monkeypatch.setattr(sign_in, "person_principals", change_first)
    answer = login(Client())
    assert (answer.status_code, answer.json()) == (401, {"detail": "Incorrect email or password."})


@pytest.mark.promise(17)
def test_a_refresh_token_used_twice_is_told_to_the_clinic(northside: Clinic) -> None:
    from django.db import transaction

    from audit.models import Entry

    first = northside.tokens("nurse").refresh
    with time_machine.travel(timezone.now(), tick=False) as clock:
        second = send(Client(), "POST", "/api/v1/auth/refresh", {"refresh_token": first}).json()["refresh_token"]
        clock.shift(60)
        assert send(Client(), "POST", "/api/v1/auth/refresh", {"refresh_token": first}).status_code == 401
        assert send(Client(), "POST", "/api/v1/auth/refresh", {"refresh_token": second}).status_code == 401
    with northside.scope(), transaction.atomic():
        (entry,) = Entry.objects.filter(action="session_revoked")
    assert "used twice" in entry.reason
