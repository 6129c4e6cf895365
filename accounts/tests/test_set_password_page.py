from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import User
from accounts.refusals import LinkVoid
from accounts.services import set_password, set_password_link
from tests.clinics import Clinic
from tests.commands import run_command

pytestmark = pytest.mark.django_db

NEW = "four-words-and-a-heron"


@pytest.fixture
def link() -> str:
    result = run_command("create_organization", "eastside", "Eastside", "--owner", "anna@eastside.example")
    found = re.search(r"http://127\.0\.0\.1:8000(/account/set-password/\S+)", result.out)
    assert found is not None
    return found[1]


def choose(client: Client, link: str, password: str, again: str | None = None):
    return client.post(link, {"new_password1": password, "new_password2": again or password})


def test_the_link_sets_a_password_and_the_person_signs_in(client: Client, link: str):
    page = client.get(link)
    assert page.status_code == 200
    assert "anna@eastside.example" in page.content.decode()

    done = choose(client, link, NEW)
    assert "You can sign in now." in done.content.decode()
    signed_in = client.post(
        "/api/v1/auth/login", {"email": "anna@eastside.example", "password": NEW}, content_type="application/json"
    )
    assert signed_in.status_code == 200


def test_the_page_lets_browsers_say_where_its_form_comes_from(client: Client, link: str):
    """Without a referrer browsers send "Origin: null", which the check against forged requests refuses."""
    page = client.get(link)
    assert "no-referrer" not in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin"


def test_the_second_use_says_that_the_link_is_used(client: Client, link: str):
    choose(client, link, NEW)

    again = choose(client, link, "another-password-of-mine")

    assert again.status_code == 410
    assert "This link has been used already" in again.content.decode()
    assert User.objects.get_by_natural_key("anna@eastside.example").check_password(NEW)


@pytest.mark.parametrize("path", ["MQ/abc-def", "x/y", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5/abc-def", "LTE/abc-def", "%00/a"])
def test_a_forged_link_is_answered_like_a_used_one(client: Client, path: str):
    assert client.get(f"/account/set-password/{path}/").status_code == 410


def test_a_link_of_one_person_does_not_serve_for_another(client: Client, link: str, northside: Clinic):
    other = User.objects.get_by_natural_key(northside.people["owner"].email)
    uid, token = set_password_link(user=other).split("/")[-3:-1]
    own_uid, own_token = link.split("/")[-3:-1]

    assert client.get(f"/account/set-password/{uid}/{own_token}/").status_code == 410
    assert client.get(f"/account/set-password/{own_uid}/{token}/").status_code == 410


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("tiny-key", None, "at least 12 characters"),
        ("passwordpassword", "other-password-here", "match."),
        ("demo-glucose-2026", None, "the demo&#x27;s password"),
        ("anna@eastside.example", None, "too similar"),
    ],
)
def test_a_weak_password_is_refused_in_words(
    client: Client, link: str, password: str, again: str | None, sentence: str
):
    answer = choose(client, link, password, again)

    assert sentence in answer.content.decode()
    assert client.get(link).status_code == 200


def test_the_link_speaks_for_itself_whoever_is_signed_in(northside: Clinic, link: str):
    browser = northside.admin("viewer")

    assert "You can sign in now." in choose(browser, link, NEW).content.decode()


def test_the_page_keeps_the_content_security_policy_and_is_not_cached(client: Client, link: str):
    page = client.get(link)

    text = page.content.decode()
    assert "style=" not in text
    assert "<script" not in text
    assert "http://" not in text
    assert "https://" not in text
    assert "no-store" in page.headers["Cache-Control"]
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_secret_of_the_link_is_not_logged(client: Client, link: str, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO"):
        client.get(link)

    token = link.split("/")[-2]
    assert "set-password" in caplog.text
    assert token not in caplog.text


def test_of_two_who_use_one_link_at_once_one_sets_the_password(northside: Clinic):
    read_by_both = [User.objects.with_id(northside.people["nurse"].user_id) for _ in range(2)]
    first, second = (user for user in read_by_both if user)
    set_password(user=first, password=NEW, confirms_address=True)
    with pytest.raises(LinkVoid):
        set_password(user=second, password="five-words-and-a-crane", confirms_address=True)
    user = User.objects.with_id(first.pk)
    assert user
    assert user.check_password(NEW)
