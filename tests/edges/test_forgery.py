"""A page elsewhere that makes a browser send a form, or a request, with the person's cookies."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.test.client import ClientHandler

from accounts.roles import Role
from tests.edges.asking import Asking, asking, operations
from tests.isolation.attacks import METHODS
from tests.isolation.callers import Caller, callers_of
from tests.isolation.pages import pages
from tests.isolation.world import World

pytestmark = pytest.mark.promise(26)


@pytest.fixture(scope="module")
def ask(world: World) -> Asking:
    return asking(world)


@pytest.fixture(scope="module")
def owner(world: World) -> Caller:
    return next(caller for caller in callers_of(world.north) if caller.name == Role.OWNER)


def with_cookies_only(owner: Caller) -> Client:
    client: Any = owner.client()
    client.handler = ClientHandler(enforce_csrf_checks=True)
    client.defaults.pop("HTTP_AUTHORIZATION", None)
    client.headers = None
    return client  # type: ignore[no-any-return]


def test_every_page_refuses_a_form_without_the_token(owner: Caller, world: World) -> None:
    own = world.target(world.north)
    before, seen = own.digest_beside_the_ledger(), 0
    for page in pages():
        answer = with_cookies_only(owner).post(page.path(own), {"action": "delete_selected", "name": "Forged"})
        assert answer.status_code in {403, 404, 405}, page
        seen += answer.status_code == 403
    assert seen > 10
    assert own.digest_beside_the_ledger() == before


def test_a_token_of_somebody_elses_form_does_not_help(owner: Caller, world: World) -> None:
    path = "/admin/patients/patient/add/"
    forged = with_cookies_only(owner).post(path, {"csrfmiddlewaretoken": "x" * 64})
    assert forged.status_code == 403


def test_the_api_does_not_look_at_cookies(owner: Caller, ask: Asking) -> None:
    """So no request there needs a token: a browser that is made to send one is nobody."""
    for one in operations(*METHODS):
        if "public" in one.route.access[one.method]:
            continue
        answer = with_cookies_only(owner).generic(one.method, ask.path(one), b"{}", "application/json")
        assert answer.status_code == 401, one
