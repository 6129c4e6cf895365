from __future__ import annotations

import json
import re
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.api.registration import FORGOTTEN, REGISTERED
from accounts.models import User
from accounts.services import add_member
from accounts.tests.mails import link_in, mails_of, token_in
from tests.clinics import PASSWORD, Clinic
from tests.rest import problems, send

pytestmark = pytest.mark.django_db

NEW = "heron-over-the-still-pond"
OTHER = "chalk-cliffs-after-midnight"
ANNA = "anna@meadow.example"
KNOWN = "nurse@northside.example"


def register(client: Client, email: str = ANNA, password: str = NEW, **more: Any) -> Any:
    return send(client, "POST", "/api/v1/auth/register", {"email": email, "password": password, "name": "Anna", **more})


def forgot(client: Client, email: str) -> Any:
    return send(client, "POST", "/api/v1/auth/password/forgot", {"email": email})


def verify(client: Client, token: str, password: str = NEW) -> Any:
    return send(client, "POST", "/api/v1/auth/email/verify", {"token": token, "password": password})


def login(client: Client, email: str = ANNA, password: str = NEW) -> Any:
    return send(client, "POST", "/api/v1/auth/login", {"email": email, "password": password})


def account(email: str = ANNA) -> User:
    return User.objects.get_by_natural_key(email)


def test_a_person_registers_confirms_and_is_told_that_a_clinic_is_missing(client: Client) -> None:
    answers: list[Any] = []
    (message,) = mails_of(lambda: answers.append(register(client)))
    assert (answers[0].status_code, answers[0].json()) == (202, {"detail": REGISTERED})
    assert message.to == [ANNA]
    assert message.subject == "Please confirm your e-mail address"
    assert login(client).status_code == 403
    assert "not confirmed yet" in login(client).json()["detail"]

    assert verify(client, token_in(message)).status_code == 204
    answer = login(client)
    assert (answer.status_code, "no access to any clinic" in answer.json()["detail"]) == (403, True)
    assert verify(client, token_in(message)).status_code == 410


def test_before_the_right_password_nothing_tells_that_an_account_waits(client: Client) -> None:
    mails_of(lambda: register(client))
    waiting, unknown = login(client, password="not-the-password"), login(client, "nobody@meadow.example")
    assert (waiting.status_code, waiting.content) == (unknown.status_code, unknown.content)


def test_a_clinic_that_admits_the_person_opens_the_account(client: Client, northside: Clinic) -> None:
    (message,) = mails_of(lambda: register(client))
    with northside.scope(), transaction.atomic():
        add_member(email=ANNA, name="Anna", role="nurse")
    assert login(client).status_code == 403
    verify(client, token_in(message))
    assert login(client).status_code == 200


class TestSomebodyElseRegisteredTheAddress:
    """The attacker knows the password, the owner of the mailbox does not, and is admitted to a clinic later."""

    @pytest.fixture
    def message(self, client: Client, northside: Clinic) -> Any:
        (message,) = mails_of(lambda: register(client, password="the-attackers-own-choice"))
        with northside.scope(), transaction.atomic():
            add_member(email=ANNA, name="Anna", role="nurse")
        return message

    def test_the_link_alone_opens_nothing(self, client: Client, message: Any) -> None:
        assert verify(client, token_in(message), NEW).status_code == 401
        assert account().email_verified_at is None
        assert login(client, password="the-attackers-own-choice").status_code == 403

    def test_registering_again_leaves_the_first_password_and_still_opens_nothing(
        self, client: Client, message: Any
    ) -> None:
        (second,) = mails_of(lambda: register(client, password=NEW))
        assert verify(client, token_in(second), NEW).status_code == 401
        assert login(client, password="the-attackers-own-choice").status_code == 403

    def test_the_page_of_the_link_lets_the_owner_choose_another_password(self, client: Client, message: Any) -> None:
        page = client.get(link_in(message)).content.decode()
        choose = page.split('<a href="http://127.0.0.1:8000')[1].split('"')[0]
        client.post(choose, {"new_password1": NEW, "new_password2": NEW})
        assert login(client, password=NEW).status_code == 200
        assert login(client, password="the-attackers-own-choice").status_code == 401

    def test_a_forgotten_password_does_the_same(self, client: Client, message: Any) -> None:
        (second,) = mails_of(lambda: forgot(client, ANNA))
        body = {"token": token_in(second), "password": NEW}
        assert send(client, "POST", "/api/v1/auth/password/reset", body).status_code == 204
        assert login(client, password=NEW).status_code == 200
        assert login(client, password="the-attackers-own-choice").status_code == 401


def test_registering_a_known_address_changes_nothing_and_tells_its_owner(client: Client, northside: Clinic) -> None:
    (message,) = mails_of(lambda: register(client, KNOWN, "somebody-elses-password"))
    assert message.subject == "You have an account already"
    assert login(client, KNOWN, PASSWORD).status_code == 200
    assert login(client, KNOWN, "somebody-elses-password").status_code == 401


def test_a_forgotten_password_is_set_anew_once(client: Client, northside: Clinic) -> None:
    old = northside.tokens("nurse")
    (message,) = mails_of(lambda: forgot(client, "  Nurse@Northside.example "))
    body = {"token": token_in(message), "password": NEW}
    (told,) = mails_of(lambda: send(client, "POST", "/api/v1/auth/password/reset", body))
    assert told.subject == "Your password was changed"
    assert login(client, KNOWN, NEW).status_code == 200
    assert client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {old.access}"}).status_code == 401
    assert send(client, "POST", "/api/v1/auth/password/reset", body).status_code == 410


def test_a_weak_password_is_refused_and_the_link_stays_good(client: Client, northside: Clinic) -> None:
    (message,) = mails_of(lambda: forgot(client, KNOWN))
    token = token_in(message)
    answer = send(client, "POST", "/api/v1/auth/password/reset", {"token": token, "password": "elevenchars"})
    assert problems(answer) == [("password_too_short", ["body", "password"])]
    assert answer.json()["detail"][0]["input"] is None
    assert send(client, "POST", "/api/v1/auth/password/reset", {"token": token, "password": NEW}).status_code == 204


@pytest.mark.parametrize(
    "token", ["", "x", "MQ/x", "MQ/abc-def", "///", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5/a-b", "é/ü", "a/b/c"]
)
@pytest.mark.parametrize("path", ["email/verify", "password/reset"])
def test_forged_links_are_void(client: Client, token: str, path: str) -> None:
    answer = send(client, "POST", f"/api/v1/auth/{path}", {"token": token, "password": NEW})
    assert answer.status_code in ({422} if token == "" else {410})


def test_a_link_that_confirms_sets_no_password_and_the_other_way_round(client: Client, northside: Clinic) -> None:
    (confirms,) = mails_of(lambda: register(client))
    (sets,) = mails_of(lambda: forgot(client, ANNA))
    body = {"token": token_in(confirms), "password": OTHER}
    assert send(client, "POST", "/api/v1/auth/password/reset", body).status_code == 410
    assert verify(client, token_in(sets)).status_code == 410


def test_a_disabled_account_gets_no_mail(client: Client, northside: Clinic) -> None:
    _disable(northside.people["nurse"].user_id)
    assert mails_of(lambda: forgot(client, KNOWN)) == []
    assert mails_of(lambda: register(client, KNOWN)) == []


@pytest.mark.promise(22)
@pytest.mark.parametrize(("ask", "sentence"), [(forgot, FORGOTTEN), (register, REGISTERED)], ids=["forgot", "register"])
def test_answer_and_work_are_the_same_for_every_address(
    client: Client, northside: Clinic, ask: Any, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known, disabled, waiting for confirmation, and unknown."""
    _disable(northside.people["viewer"].user_id)
    mails_of(lambda: register(client, "waiting@meadow.example"))
    hashed = _count_hashes(monkeypatch)
    seen = set()
    for email in (KNOWN, "viewer@northside.example", "waiting@meadow.example", "nobody@meadow.example"):
        hashed.clear()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = ask(client, email)
        statements = tuple(re.split(r"['\"(]", query["sql"])[0] for query in queries)
        seen.add((answer.status_code, answer.content, statements, len(hashed)))
    assert len(seen) == 1, seen
    assert {json.loads(body)["detail"] for _, body, *_ in seen} == {sentence}


@pytest.mark.promise(22)
def test_the_same_message_goes_to_the_workers_and_holds_no_secret(
    client: Client, northside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    from accounts import mail_requests

    monkeypatch.setattr(mail_requests, "send_task", lambda task, **arguments: keep(sent, arguments))
    for email in (KNOWN, "nobody@meadow.example"):
        forgot(client, email)
        register(client, email)
    assert [set(message) for message in sent] == [{"kind", "user_id"}] * 4
    assert sent[2]["user_id"] == 0


@pytest.mark.promise(22, 43)
def test_one_address_gets_so_many_mails_and_the_answer_does_not_tell(client: Client, northside: Clinic) -> None:
    for email in (KNOWN, "nobody@meadow.example"):
        mail.outbox.clear()
        answers = [mails_of(partial(forgot, client, email)) for _ in range(7)]
        assert len(answers) == 7
        assert len(mail.outbox) == (5 if email == KNOWN else 0)


def test_everybody_hears_it_when_no_mail_can_be_asked_for(client: Client, northside: Clinic, settings: Any) -> None:
    from glucose_platform.celery import app

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1")
        answers = [ask(client, email) for email in (KNOWN, ANNA) for ask in (forgot, register)]
    assert [answer.status_code for answer in answers] == [503] * 4
    assert {answer.json()["detail"] for answer in answers} == {
        "No mail can be sent at the moment. Please try again in a few minutes."
    }


@pytest.mark.promise(23)
@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("eleven-char", "password_too_short"),
        ("x" * 129, "password_long"),
        ("1q2w3e4r5t6y", "password_too_common"),
        ("anna@meadow.example", "password_too_similar"),
        ("demo-glucose-2026", "password_demo"),
    ],
)
def test_weak_passwords_are_refused(client: Client, password: str, kind: str) -> None:
    assert (kind, ["body", "password"]) in problems(register(client, password=password))


def _disable(user_id: int) -> None:
    from accounts.services import in_own_scope

    user = User.objects.with_id(user_id)
    assert user
    in_own_scope(user, lambda: User.objects.filter(pk=user_id).update(is_active=False))


def _count_hashes(patch: pytest.MonkeyPatch) -> list[str]:
    hashed: list[str] = []
    encode = hashers.Argon2PasswordHasher.encode

    def counting(self: Any, password: str, salt: str) -> str:
        hashed.append("argon2")
        return encode(self, password, salt)

    patch.setattr(hashers.Argon2PasswordHasher, "encode", counting)
    return hashed


def keep(messages: list[dict[str, Any]], arguments: dict[str, Any]) -> bool:
    messages.append(arguments)
    return True
