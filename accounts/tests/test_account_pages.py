"""Pages behind links of mails: confirming an address, and asking for a new password."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.mails import link_in, mails_of
from accounts.tests.test_registration import ANNA, NEW, login, register
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db

FORGOT = "/account/forgot-password/"


@pytest.fixture
def link(client: Client) -> str:
    (message,) = mails_of(lambda: register(client))
    return link_in(message)


def test_the_page_confirms_with_the_registrations_password(client: Client, link: str) -> None:
    page = client.get(link).content.decode()
    assert ANNA in page
    assert "is confirmed" not in page
    wrong = client.post(link, {"password": "not-the-password"})
    assert (wrong.status_code, "not the password that the account was registered with" in wrong.content.decode()) == (
        200, True,
    )  # fmt: skip
    assert User.objects.get_by_natural_key(ANNA).email_verified_at is None

    assert "is confirmed" in client.post(link, {"password": NEW}).content.decode()
    assert login(client).json()["detail"].startswith("You have no access to any clinic.")
    assert client.get(link).status_code == 410


def test_looking_at_the_page_confirms_nothing(client: Client, link: str) -> None:
    """Mail scanners open links."""
    client.get(link)
    client.head(link)
    assert User.objects.get_by_natural_key(ANNA).email_verified_at is None


@pytest.mark.promise(20)
def test_guesses_on_the_page_are_counted(client: Client, link: str) -> None:
    statuses = [client.post(link, {"password": f"wrong-{number}"}).status_code for number in range(6)]
    assert statuses == [200] * 5 + [429]
    assert "Too many failed sign-ins" in client.post(link, {"password": NEW}).content.decode()


@pytest.mark.parametrize("path", ["MQ/abc-def", "x/y", "%00/a"])
def test_forged_links_are_void(client: Client, path: str) -> None:
    assert client.get(f"/account/confirm/{path}/").status_code == 410
    assert client.post(f"/account/confirm/{path}/", {"password": NEW}).status_code == 410


@pytest.mark.promise(22)
def test_asking_for_a_new_password_looks_the_same_for_every_address(client: Client, northside: Clinic) -> None:
    pages: list[Any] = []
    known = mails_of(lambda: pages.append(client.post(FORGOT, {"email": "nurse@northside.example"})))
    unknown = mails_of(lambda: pages.append(client.post(FORGOT, {"email": "nobody@northside.example"})))
    assert (len(known), len(unknown)) == (1, 0)
    assert pages[0].content == pages[1].content
    assert "a mail with a link is on its way" in pages[0].content.decode()

    done = client.post(link_in(known[0]), {"new_password1": NEW, "new_password2": NEW}).content.decode()
    assert "You can sign in now." in done
    assert login(client, "nurse@northside.example", NEW).status_code == 200


def test_what_is_no_address_is_asked_for_again(client: Client) -> None:
    answer = client.post(FORGOT, {"email": "anna"})
    assert "Type an e-mail address" in answer.content.decode()


@pytest.mark.promise(26)
@pytest.mark.parametrize("path", [FORGOT, "{link}"])
def test_forms_of_other_sites_are_refused(link: str, path: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(path.format(link=link), {"email": ANNA, "password": NEW}).status_code == 403


@pytest.mark.promise(52)
@pytest.mark.parametrize("path", [FORGOT, "{link}"])
def test_pages_keep_the_content_policy_and_are_not_cached(client: Client, link: str, path: str) -> None:
    page = client.get(path.format(link=link))
    text = page.content.decode()
    assert "style=" not in text
    assert "<script" not in text
    assert "no-store" in page.headers["Cache-Control"]
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "same-origin"


def test_the_sign_in_page_of_the_workplace_leads_there(client: Client) -> None:
    assert f'href="{FORGOT}"' in client.get("/admin/login/").content.decode()
