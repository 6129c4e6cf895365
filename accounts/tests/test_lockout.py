from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.contrib.auth import hashers
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services import deactivate_member, in_own_scope
from audit.models import Entry
from tests.clinics import PASSWORD, Clinic
from tests.rest import send

KNOWN, UNKNOWN = "nurse@northside.example", "nobody@northside.example"
LOGIN, ADMIN = "/api/v1/auth/login", "/admin/login/"
SENTENCE = "Too many failed sign-ins. Please try again in 15 minutes."


def login(client: Client, email: str = KNOWN, password: str = PASSWORD, *, address: str = "192.0.2.1") -> Any:
    body = f'{{"email":"{email}","password":"{password}"}}'
    return client.post(LOGIN, body, content_type="application/json", REMOTE_ADDR=address)


def admin_login(client: Client, password: str, *, address: str = "192.0.2.1") -> str:
    sent = {"username": KNOWN, "password": password}
    return client.post(ADMIN, sent, REMOTE_ADDR=address).content.decode()


def entries(clinic: Clinic) -> list[Entry]:
    with clinic.scope(), transaction.atomic():
        return list(Entry.objects.filter(action__in=["login", "logout", "login_failed"]).order_by("at", "id"))


@pytest.mark.promise(20, 43)
@pytest.mark.django_db(transaction=True)
def test_five_wrong_passwords_lock_over_http_where_every_request_is_a_transaction(
    live_url: str, northside: Clinic
) -> None:
    assert settings.DATABASES["default"]["ATOMIC_REQUESTS"]
    with httpx.Client(base_url=live_url, timeout=30) as http:
        wrong = [http.post(LOGIN, json={"email": KNOWN, "password": f"wrong-{n}"}) for n in range(5)]
        right = http.post(LOGIN, json={"email": KNOWN.title(), "password": PASSWORD})
        elsewhere = http.post(LOGIN, json={"email": "viewer@northside.example", "password": PASSWORD})
    assert [answer.status_code for answer in wrong] == [401] * 5
    assert (right.status_code, right.json()) == (429, {"detail": SENTENCE})
    assert 890 < int(right.headers["Retry-After"]) <= 900
    assert elsewhere.status_code == 200
    failures = [entry for entry in entries(northside) if entry.action == "login_failed"]
    assert [entry.reason for entry in failures] == ["wrong password"] * 4 + [
        "wrong password; that address has to wait now"
    ]
    assert {entry.outcome for entry in failures} == {"failed"}
    assert failures[0].ip == "127.0.0.1"


@pytest.mark.promise(20)
@pytest.mark.django_db
def test_the_admin_and_the_api_count_together_and_the_page_says_the_sentence(northside: Clinic) -> None:
    for _ in range(3):
        assert "Incorrect email or password." in admin_login(Client(), "wrong")
    for _ in range(2):
        assert login(Client(), password="wrong").status_code == 401
    page = Client().post(ADMIN, {"username": KNOWN, "password": PASSWORD}, REMOTE_ADDR="192.0.2.1")
    assert SENTENCE in page.content.decode()
    assert "correct the error" not in page.content.decode()
    assert (page.status_code, int(page.headers["Retry-After"]) > 800) == (429, True)
    assert login(Client()).status_code == 429


@pytest.mark.promise(20)
@pytest.mark.django_db(transaction=True)
def test_many_guesses_at_once_get_no_further_than_five(live_url: str, northside: Clinic) -> None:
    with ThreadPoolExecutor(12) as pool, httpx.Client(base_url=live_url, timeout=30) as http:
        answers = list(pool.map(lambda n: http.post(LOGIN, json={"email": KNOWN, "password": f"wrong-{n}"}), range(12)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 7


@pytest.mark.promise(20)
@pytest.mark.django_db
def test_a_sign_in_forgets_the_wrong_passwords_before_it(northside: Clinic) -> None:
    for _ in range(3):
        for _ in range(4):
            assert login(Client(), password="wrong").status_code == 401
        assert login(Client()).status_code == 200


@pytest.mark.promise(21)
@pytest.mark.django_db
def test_a_lock_holds_for_its_address_only(northside: Clinic) -> None:
    for _ in range(6):
        login(Client(), password="wrong", address="198.51.100.7")
    assert login(Client(), address="198.51.100.7").status_code == 429
    assert login(Client(), address="192.0.2.1").status_code == 200


@pytest.mark.promise(21)
@pytest.mark.django_db
def test_guesses_from_everywhere_slow_everybody_and_shut_nobody_out(northside: Clinic, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "sign_in_failures_account": "8/hour"}
    for number in range(8):
        login(Client(), password="wrong", address=f"198.51.100.{number}")
    # Each address has two tries left instead of five, and a right one always passes.
    assert login(Client(), address="192.0.2.1").status_code == 200
    tries = [login(Client(), password="wrong", address="192.0.2.2").status_code for _ in range(3)]
    assert tries == [401, 401, 429]
    assert login(Client(), address="192.0.2.3").status_code == 200


@pytest.mark.promise(43)
@pytest.mark.django_db
def test_an_address_that_tries_everybody_has_to_wait(northside: Clinic, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "sign_in_failures_address": "6/15 minutes"}
    for number in range(6):
        assert login(Client(), f"person-{number}@northside.example", "wrong").status_code == 401
    assert login(Client()).status_code == 429
    assert login(Client(), address="192.0.2.9").status_code == 200


@pytest.mark.promise(20)
@pytest.mark.django_db
def test_addresses_of_one_customer_count_as_one(northside: Clinic) -> None:
    for number in range(5):
        login(Client(), password="wrong", address=f"2001:db8:1:2::{number}")
    assert login(Client(), address="2001:db8:1:2:ffff::1").status_code == 429
    assert login(Client(), address="2001:db8:1:3::1").status_code == 200


@pytest.mark.promise(21, 22)
@pytest.mark.django_db
def test_an_unknown_address_is_locked_like_a_known_one(northside: Clinic) -> None:
    seen = [[login(Client(), email, "wrong") for _ in range(7)] for email in (KNOWN, UNKNOWN)]
    known, unknown = ([(answer.status_code, answer.content) for answer in answers] for answers in seen)
    assert known == unknown
    assert [status for status, _ in known] == [401] * 5 + [429] * 2


@pytest.mark.promise(22)
@pytest.mark.django_db
@pytest.mark.parametrize("path", [LOGIN, ADMIN])
def test_a_wrong_password_costs_the_same_whether_or_not_there_is_an_account(
    northside: Clinic, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Known, without a clinic, disabled, waiting for confirmation, without a password, and unknown."""
    emails = [KNOWN, "viewer@northside.example", "owner@northside.example", "admin@northside.example", UNKNOWN]
    with northside.scope(), transaction.atomic():
        deactivate_member(membership=northside.people["viewer"])
    _change_account(northside, "owner", is_active=False)
    _change_account(northside, "admin", email_verified_at=None)
    hashed = _count_hashes(monkeypatch)
    seen = set()
    for email in emails:
        hashed.clear()
        with CaptureQueriesContext(connection) as queries:
            if path == LOGIN:
                answer = login(Client(), email, "wrong")
            else:
                answer = Client().post(path, {"username": email, "password": "wrong"})
        body = answer.content.replace(email.encode(), b"")
        seen.add(
            (answer.status_code, path == ADMIN or body, len(hashed), tuple(_shape(query["sql"]) for query in queries))
        )
    assert len(seen) == 1, seen
    assert len(hashed) == 1


@pytest.mark.promise(22)
@pytest.mark.django_db
def test_states_of_an_account_are_told_after_the_right_password_only(northside: Clinic) -> None:
    _change_account(northside, "owner", is_active=False)
    _change_account(northside, "admin", email_verified_at=None)
    for role, words in (("owner", "is disabled"), ("admin", "is not confirmed yet")):
        right, wrong = (login(Client(), f"{role}@northside.example", password) for password in (PASSWORD, "wrong"))
        assert (right.status_code, words in right.json()["detail"]) == (403, True)
        assert (wrong.status_code, wrong.json()) == (401, {"detail": "Incorrect email or password."})
        page = Client().post(ADMIN, {"username": f"{role}@northside.example", "password": PASSWORD}).content.decode()
        assert words in page


@pytest.mark.django_db
def test_sign_ins_and_outs_stand_in_the_ledger(northside: Clinic, southside: Clinic) -> None:
    token = login(Client()).json()["access_token"]
    send(Client(headers={"Authorization": f"Bearer {token}"}), "POST", "/api/v1/auth/logout")
    begun, ended = entries(northside)
    assert (begun.action, begun.reason, begun.actor_role) == ("login", "password", "nurse")
    assert begun.actor_id == str(northside.people["nurse"].user_public_id)
    assert (ended.action, ended.session) == ("logout", begun.session)
    assert begun.session
    assert entries(southside) == []


@pytest.mark.promise(28)
@pytest.mark.django_db
def test_neither_address_nor_password_is_logged(northside: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        for _ in range(6):
            login(Client(), password="the-secret-i-mistyped")
    assert "sign_in_failed" in caplog.text
    assert "sign_in_locked" in caplog.text
    assert "the-secret-i-mistyped" not in caplog.text
    assert KNOWN not in caplog.text


def _shape(statement: str) -> str:
    """Without values, which differ from one request to the next."""
    return statement.split("'")[0].split('"')[0].split("(")[0]


def _change_account(clinic: Clinic, role: str, **values: Any) -> None:
    user = User.objects.with_id(clinic.people[role].user_id)
    assert user
    in_own_scope(user, lambda: User.objects.filter(pk=user.pk).update(**values))


def _count_hashes(patch: pytest.MonkeyPatch) -> list[str]:
    hashed: list[str] = []
    hasher = hashers.Argon2PasswordHasher

    def count(name: str) -> None:
        original = getattr(hasher, name)

        def counting(self: Any, *args: Any) -> Any:
            hashed.append(name)
            return original(self, *args)

        patch.setattr(hasher, name, counting)

    count("encode")
    count("verify")
    return hashed
