"""Accepting and declining with the token of the mail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client

from accounts.invitations import close_expired_invitations
from accounts.models import Invitation, User
from accounts.services import add_member, deactivate_member, in_own_scope
from accounts.tests.inviting import (
    ACCEPT,
    DECLINE,
    FIRST_PASSWORD,
    NEWCOMER,
    accept,
    account,
    invited,
    member,
    sign_in,
    state,
)
from audit.models import Entry
from tests.clinics import PASSWORD, Clinic
from tests.rest import problems, send

pytestmark = pytest.mark.django_db

STOLEN = "somebody-elses-choice-of-words"


def unproven_account(email: str, password: str) -> User:
    """As registering leaves it: whoever typed the address has not shown that it is theirs."""
    from django.contrib.auth.hashers import make_password

    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_person(%s, %s, false)", [email, make_password(password)])
    user = account(email)
    assert user
    return user


def test_somebody_new_chooses_a_password_and_is_in(northside: Clinic, southside: Clinic) -> None:
    token = invited(northside)
    answer = accept(token, password=FIRST_PASSWORD)
    assert (answer.status_code, answer.json()) == (
        200,
        {"organization": northside.organization.name, "email": NEWCOMER, "role": "clinician"},
    )
    person = member(northside, NEWCOMER)
    assert person
    assert (person.name, person.role, person.is_active) == ("Doctor New", "clinician", True)
    user = account(NEWCOMER)
    assert user
    assert user.email_verified_at is not None
    assert sign_in(NEWCOMER, FIRST_PASSWORD) == 200
    assert (state(northside), member(southside, NEWCOMER)) == ("accepted", None)


def test_a_new_account_needs_a_password_that_serves(northside: Clinic) -> None:
    token = invited(northside)
    assert problems(accept(token)) == [("missing", ["body", "password"])]
    weak = accept(token, password="short")
    assert problems(weak) == [("password_too_short", ["body", "password"])]
    assert "short" not in str(weak.json()["detail"][0]["input"])
    assert token not in str(weak.json())
    assert accept(token, password="password1234").status_code == 422
    assert (state(northside), member(northside, NEWCOMER), account(NEWCOMER)) == ("pending", None, None)
    assert accept(token, password=FIRST_PASSWORD).status_code == 200


def test_what_somebody_registered_before_the_mailbox_was_proven_does_not_survive(northside: Clinic) -> None:
    """Whoever registers another's address waits for the owner of the mailbox to be invited: in vain."""
    squatted = unproven_account(NEWCOMER, STOLEN)
    token = invited(northside)
    assert accept(token, password=FIRST_PASSWORD).status_code == 200
    assert sign_in(NEWCOMER, STOLEN) == 401
    assert sign_in(NEWCOMER, FIRST_PASSWORD) == 200
    user = account(NEWCOMER)
    assert user
    assert (user.pk, user.version) == (squatted.pk, squatted.version + 1)


def test_the_person_of_an_account_shows_that_it_is_theirs(northside: Clinic, southside: Clinic) -> None:
    email = southside.people["nurse"].email
    token = invited(northside, email=email)
    for body in ({}, {"password": "wrong-words-altogether"}):
        answer = accept(token, **body)
        assert answer.status_code == 401
        assert "This address has an account." in answer.json()["detail"]
    assert (state(northside, email), member(northside, email)) == ("pending", None)
    assert accept(token, password=PASSWORD).status_code == 200
    assert sign_in(email, PASSWORD) == 200
    person, other = member(northside, email), member(southside, email)
    assert person
    assert other
    assert (person.role, other.role, person.user_id) == ("clinician", "nurse", other.user_id)


def test_a_sign_in_with_the_invited_address_is_proof(northside: Clinic, southside: Clinic) -> None:
    email = southside.people["nurse"].email
    token = invited(northside, email=email)
    answer = accept(token, bearer=southside.access_token("viewer"))
    assert (answer.status_code, answer.json()) == (
        401,
        {"detail": "You are signed in with another address than the one that was invited."},
    )
    assert accept(token, bearer="forged.access.token", password=PASSWORD).status_code == 401
    assert accept(token, bearer=southside.access_token("nurse")).status_code == 200
    assert member(northside, email)


def test_a_sign_in_does_not_open_an_account_of_another_address(northside: Clinic, southside: Clinic) -> None:
    token = invited(northside)
    answer = accept(token, bearer=southside.access_token("nurse"), password=FIRST_PASSWORD)
    assert (answer.status_code, account(NEWCOMER)) == (401, None)


def test_a_disabled_account_stays_disabled(northside: Clinic, southside: Clinic) -> None:
    email = southside.people["nurse"].email
    user = account(email)
    assert user
    in_own_scope(user, lambda: User.objects.filter(pk=user.pk).update(is_active=False))
    answer = accept(invited(northside, email=email), password=PASSWORD)
    assert (answer.status_code, "disabled" in answer.json()["detail"]) == (403, True)
    assert member(northside, email) is None


def test_a_former_member_comes_back_with_the_role_that_is_offered(northside: Clinic) -> None:
    nurse = northside.people["nurse"]
    with northside.scope(), transaction.atomic():
        deactivate_member(membership=nurse)
    token = invited(northside, email=nurse.email, role="viewer", name="Back Again")
    assert accept(token, password=PASSWORD).status_code == 200
    back = member(northside, nurse.email)
    assert back
    assert (back.pk, back.name, back.role, back.is_active) == (nurse.pk, "Back Again", "viewer", True)


def test_a_patients_login_is_invited_for_its_patient(northside: Clinic) -> None:
    token = invited(northside, role="patient", patient="user_9012")
    assert accept(token, password=FIRST_PASSWORD).status_code == 200
    login = member(northside, NEWCOMER)
    assert login
    assert (login.role, login.patient_id) == ("patient", northside.patients[1].pk)


def test_somebody_who_became_a_member_meanwhile_keeps_the_place(northside: Clinic) -> None:
    token = invited(northside)
    with northside.scope(), transaction.atomic():
        add_member(email=NEWCOMER, name="Admitted", role="viewer", password=FIRST_PASSWORD)
    answer = accept(token, password=FIRST_PASSWORD)
    assert (answer.status_code, answer.json()) == (409, {"detail": "This person is a member of the clinic already."})
    person = member(northside, NEWCOMER)
    assert person
    assert person.role == "viewer"


def test_declining(northside: Clinic) -> None:
    token = invited(northside)
    assert send(Client(), "POST", DECLINE, {"token": token}).status_code == 204
    assert (state(northside), member(northside, NEWCOMER)) == ("declined", None)
    for path, body in ((ACCEPT, {"password": FIRST_PASSWORD}), (DECLINE, {})):
        answer = send(Client(), "POST", path, {"token": token, **body})
        assert (answer.status_code, answer.json()) == (
            410,
            {"detail": "This invitation was declined. Ask the clinic for a new one."},
        )


@pytest.mark.parametrize("token", ["", "gli_unknown", "gli_" + "x" * 43, "\ud83d\ude00", "x" * 101])
def test_a_token_that_is_none(northside: Clinic, token: str) -> None:
    assert accept(token, password=FIRST_PASSWORD).status_code in {410, 422}


def test_an_invitation_ends_with_its_term(northside: Clinic) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False):
        token = invited(northside)
    with time_machine.travel("2026-05-08T12:00:01Z", tick=False):
        answer = accept(token, password=FIRST_PASSWORD)
        assert answer.status_code == 410
        assert "expired" in answer.json()["detail"]
        assert (state(northside), member(northside, NEWCOMER)) == ("expired", None)


def test_the_sweep_closes_what_nobody_answered(northside: Clinic, southside: Clinic) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False):
        invited(northside)
        invited(southside)
    with time_machine.travel("2026-05-09T12:00:00Z", tick=False):
        with northside.scope(), transaction.atomic():
            assert close_expired_invitations() == 1
            assert Invitation.objects.filter(state="pending").count() == 1
        assert (state(northside), state(southside)) == ("expired", "pending")


def test_the_ledger_tells_who_answered(northside: Clinic) -> None:
    token = invited(northside)
    accept(token, password=FIRST_PASSWORD)
    with northside.scope(), transaction.atomic():
        entries = list(Entry.objects.filter(object_type="accounts.invitation").order_by("id"))
    assert [(entry.action, entry.actor_name) for entry in entries] == [
        ("create", northside.people["owner"].name),
        ("update", "Doctor New"),
    ]
    assert entries[1].changes == [["state", "pending", "accepted"]]
    assert "digest" not in str(entries[0].changes)


@pytest.mark.django_db(transaction=True)
def test_of_many_answers_at_once_one_counts(live_url: str, northside: Clinic) -> None:
    token = invited(northside)
    with ThreadPoolExecutor(8) as pool, httpx.Client(base_url=live_url, timeout=60) as http:
        body = {"token": token, "password": FIRST_PASSWORD}
        answers = list(pool.map(lambda _: http.post(ACCEPT, json=body), range(8)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {401, 409, 410}
    assert sign_in(NEWCOMER, FIRST_PASSWORD) == 200
