from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.identities import LINKED_ALREADY
from accounts.models import User
from accounts.services import in_own_scope, set_password
from accounts.tests.google import Google, deep, token
from accounts.tests.mails import mails_of
from tests.clinics import PASSWORD, Clinic
from tests.rest import problems, send

FIREBASE, LINK, ME = "/api/v1/auth/firebase", "/api/v1/auth/firebase/link", "/api/v1/auth/me"


def exchange(client: Client, text: str, **more: Any) -> Any:
    return send(client, "POST", FIREBASE, {"idToken": text, **more})


def link(client: Client, text: str, password: str = PASSWORD) -> Any:
    return send(client, "POST", LINK, {"idToken": text, "password": password})


@pytest.mark.django_db
def test_a_linked_account_signs_in(client: Client, google: Google, northside: Clinic, southside: Clinic) -> None:
    assert link(northside.api("nurse"), token()).status_code == 204
    answer = exchange(client, token(email="somebody@else.example"))
    assert answer.status_code == 200, answer.content
    me = client.get(ME, headers={"Authorization": f"Bearer {answer.json()['access_token']}"}).json()
    assert (me["email"], me["organization"]) == ("nurse@northside.example", "northside")


@pytest.mark.promise(22)
@pytest.mark.django_db
def test_an_address_of_ours_opens_nothing_and_is_not_told(client: Client, google: Google, northside: Clinic) -> None:
    known = exchange(client, token(email="nurse@northside.example"))
    unknown = exchange(client, token(sub="another", email="nobody@northside.example"))
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert known.status_code == 401
    assert "is not linked to an account here" in known.json()["detail"]


@pytest.mark.django_db
def test_linking_asks_for_the_password(google: Google, northside: Clinic, client: Client) -> None:
    api = northside.api("nurse")
    assert problems(link(api, token(), "not-the-password")) == [("wrong_password", ["body", "password"])]
    assert exchange(client, token()).status_code == 401
    for _ in range(4):
        link(api, token(), "not-the-password")
    answer = link(api, token())
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)


@pytest.mark.django_db
def test_one_firebase_account_stands_for_one_person(google: Google, northside: Clinic, southside: Clinic) -> None:
    assert link(northside.api("nurse"), token()).status_code == 204
    for clinic, role in ((northside, "nurse"), (northside, "viewer"), (southside, "nurse")):
        answer = link(clinic.api(role), token())
        assert (answer.status_code, answer.json()["detail"]) == (409, LINKED_ALREADY)


@pytest.mark.django_db
def test_unlinking_ends_it(client: Client, google: Google, northside: Clinic) -> None:
    api = northside.api("nurse")
    link(api, token())
    assert send(api, "DELETE", LINK).status_code == 204
    assert exchange(client, token()).status_code == 401


@pytest.mark.django_db
def test_the_person_hears_of_a_link(google: Google, northside: Clinic) -> None:
    (message,) = mails_of(lambda: link(northside.api("nurse"), token()))
    assert (message.to, message.subject) == (["nurse@northside.example"], "A Firebase account signs you in now")
    assert mails_of(lambda: link(northside.api("nurse"), token())) == []


@pytest.mark.django_db
def test_a_password_that_is_set_by_mail_ends_links(client: Client, google: Google, northside: Clinic) -> None:
    """Somebody else may have made them; who only changes a password keeps theirs."""
    api = northside.api("nurse")
    assert link(api, token()).status_code == 204
    user = User.objects.with_id(northside.people["nurse"].user_id)
    assert user
    set_password(user=user, password="moss-on-the-northern-wall")
    assert exchange(client, token()).status_code == 200
    set_password(user=user, password="fern-below-the-eastern-wall", confirms_address=True)
    assert exchange(client, token()).status_code == 401


@pytest.mark.django_db
def test_a_disabled_account_is_told_so(client: Client, google: Google, northside: Clinic) -> None:
    link(northside.api("nurse"), token())
    user = User.objects.with_id(northside.people["nurse"].user_id)
    assert user
    in_own_scope(user, lambda: User.objects.filter(pk=user.pk).update(is_active=False))
    answer = exchange(client, token())
    assert (answer.status_code, answer.json()["detail"]) == (
        403, "This account is disabled. Please ask whoever runs the platform.",
    )  # fmt: skip


@pytest.mark.django_db
def test_an_id_token_elsewhere_is_told_where_to_go(client: Client, google: Google, northside: Clinic) -> None:
    link(northside.api("nurse"), token())
    answer = client.get(ME, headers={"Authorization": f"Bearer {token()}"})
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("This is a Firebase ID token. Exchange it")


@pytest.mark.django_db
def test_a_refused_token_is_answered_in_words(client: Client, google: Google, db: None) -> None:
    assert exchange(client, "a.b.c").status_code == 401
    google.status = 500
    answer = exchange(client, token())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


@pytest.mark.django_db
@pytest.mark.parametrize("path", [ME, "/api/v1/devices/ARGUS_001234/readings"])
def test_a_bearer_of_nested_brackets_is_a_refusal(client: Client, path: str) -> None:
    for text in (f"{deep()}.{deep()}.x", f"eyJhbGciOiJSUzI1NiJ9.{deep()}.x"):
        assert client.get(path, headers={"Authorization": f"Bearer {text}"}).status_code == 401


@pytest.mark.django_db
def test_without_a_project_the_way_is_shut(client: Client, settings: Any) -> None:
    settings.FIREBASE_PROJECT_ID = ""
    answer = exchange(client, token())
    assert (answer.status_code, "not set up" in answer.json()["detail"]) == (404, True)


@pytest.mark.django_db(transaction=True)
def test_two_who_link_the_same_at_once_have_one_winner(google: Google, northside: Clinic) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    clients = [northside.api(role) for role in ("nurse", "viewer")]
    text = token()

    def go(client: Client) -> int:
        try:
            return int(link(client, text).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, clients)) == [204, 409]


def test_no_transaction_is_left_open_while_google_is_asked() -> None:
    from accounts.api.firebase import FirebaseView

    assert "default" in FirebaseView.dispatch._non_atomic_requests  # type: ignore[attr-defined]
    assert transaction.get_connection().in_atomic_block is False
