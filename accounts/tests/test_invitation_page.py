from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.tests.inviting import FIRST_PASSWORD, NEWCOMER, account, invited, member, sign_in, state
from tests.clinics import PASSWORD, Clinic

pytestmark = pytest.mark.django_db


def page(token: str) -> str:
    return f"/account/invitation/{token}/"


def answer(token: str, how: str, client: Client | None = None, **typed: Any) -> Any:
    return (client or Client()).post(page(token), {"answer": how, **typed})


def test_the_page_says_who_invites_whom_as_what(northside: Clinic, southside: Clinic) -> None:
    token = invited(northside, name="<script>Eve</script>")
    response = Client().get(page(token))
    html = response.content.decode()
    assert response.status_code == 200
    for words in (northside.organization.name, NEWCOMER, "as clinician", "New password", "The same again", "Decline"):
        assert words in html
    assert "<script>" not in html
    assert "no-store" in response.headers["Cache-Control"]
    assert member(northside, NEWCOMER) is None


def test_somebody_new_accepts_with_a_password_of_their_own(northside: Clinic) -> None:
    token = invited(northside)
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"password": FIRST_PASSWORD, "again": FIRST_PASSWORD + "x"}, "two different passwords"),
        ({"password": "", "again": ""}, "This field is required."),
    ]
    for typed, words in refusals:
        response = answer(token, "accept", **typed)
        assert (response.status_code, words in response.content.decode()) == (200, True), words
    assert (account(NEWCOMER), state(northside)) == (None, "pending")
    done = answer(token, "accept", password=FIRST_PASSWORD, again=FIRST_PASSWORD)
    assert f"Welcome to {northside.organization.name}" in done.content.decode()
    assert sign_in(NEWCOMER, FIRST_PASSWORD) == 200
    assert answer(token, "accept", password=FIRST_PASSWORD, again=FIRST_PASSWORD).status_code == 410


def test_the_person_of_an_account_types_its_password(northside: Clinic, southside: Clinic) -> None:
    email = southside.people["nurse"].email
    token = invited(northside, email=email)
    html = Client().get(page(token)).content.decode()
    assert "Password of your account" in html
    assert "The same again" not in html
    wrong = answer(token, "accept", password="wrong-words-altogether").content.decode()
    assert "This is not the password of the account." in wrong
    assert member(northside, email) is None
    assert "Welcome" in answer(token, "accept", password=PASSWORD).content.decode()
    assert member(northside, email)


def test_whoever_is_signed_in_in_this_browser_plays_no_part(northside: Clinic, southside: Clinic) -> None:
    token = invited(northside)
    browser = southside.admin("owner")
    done = answer(token, "accept", browser, password=FIRST_PASSWORD, again=FIRST_PASSWORD)
    assert "Welcome" in done.content.decode()
    assert member(northside, NEWCOMER)
    assert browser.get("/admin/patients/patient/").status_code == 200


def test_declining_on_the_page(northside: Clinic) -> None:
    token = invited(northside)
    assert "Declined" in answer(token, "decline").content.decode()
    assert (state(northside), member(northside, NEWCOMER)) == ("declined", None)
    void = Client().get(page(token))
    assert (void.status_code, "was declined" in void.content.decode()) == (410, True)


def test_a_link_that_is_none(db: None) -> None:
    response = Client().get(page("gli_nothing"))
    assert (response.status_code, "not known" in response.content.decode()) == (410, True)


@pytest.mark.promise(26)
def test_another_page_cannot_send_the_answer(northside: Clinic) -> None:
    token = invited(northside)
    assert answer(token, "decline", Client(enforce_csrf_checks=True)).status_code == 403
    assert state(northside) == "pending"
