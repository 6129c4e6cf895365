"""What answers to nobody in particular: a short list, named here, and none of it tells of a clinic."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from glucose_platform.routes import ROUTES
from tenancy.api.routing import PUBLIC, SIGNED_IN
from tests.edges.asking import Asking, Operation, asking
from tests.isolation.attacks import METHODS
from tests.isolation.callers import Caller
from tests.isolation.pages import pages
from tests.isolation.world import World

pytestmark = pytest.mark.promise(59)
HARMLESS = {
    "root": "names the version and where things are",
    "health": "says OK",
    "api-health": "says OK",
    "livez": "says OK",
    "readyz": "names parts of the platform that fail",
    "metrics": "numbers by route; loopback or a token only",
    "version": "two versions",
    "jwks": "public keys",
    "schema": "the API's description, the same as in the repository",
    "docs": "the same, as a page",
    "redoc": "the same, as a page",
    "device-provision": "asks for a claim code, once",
    "stripe-webhook": "takes what the payment provider signed, and tells nothing",
    "dexcom-auth-callback": "sends a browser on to the page that knows the consent by its state",
}
# Names of routes under /auth/: they ask for a secret in their body instead of a sign-in.
BY_SECRET = "api/v1/auth/"
PUBLIC_PAGES = {"login", "set-password", "jsi18n", "admin_password_reset"}


@pytest.fixture(scope="module")
def ask(world: World) -> Asking:
    return asking(world)


def test_only_what_is_named_here_is_public() -> None:
    public = {route.name for route in ROUTES if PUBLIC in route.access.values()}
    by_secret = {route.name for route in ROUTES if route.path.startswith(BY_SECRET)}
    assert public - by_secret - set(HARMLESS) == set()
    assert set(HARMLESS) <= public


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_it_tells_nothing_of_people_or_of_the_machine(name: str, ask: Asking, world: World) -> None:
    (route,) = [route for route in ROUTES if route.name == name]
    answer = ask.send(Operation(route, "GET"), caller=Caller("anonymous", world.north))
    text = answer.text_sent.decode()
    told = [*world.target(world.north).canaries, *world.target(world.south).canaries, "northside", "southside"]
    assert [canary for canary in told if canary in text] == []
    for word in ("glucose_app", "postgresql://", "redis://", "/work/", "Traceback", "Python/"):
        assert word not in text
    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers


def test_everything_else_asks_who_it_is(ask: Asking, world: World) -> None:
    nobody = Caller("anonymous", world.north)
    for route in ROUTES:
        for method in METHODS:
            allowed = route.access.get(method, PUBLIC).split("|")
            if PUBLIC not in allowed:
                answer = ask.send(Operation(route, method), json.dumps({}), caller=nobody)
                assert answer.status_code == 401, (route.name, method)
                assert SIGNED_IN in allowed or answer.text_sent.startswith(b'{"detail":')


@pytest.mark.django_db
def test_pages_send_nobody_anywhere_but_to_the_sign_in(client: Client, world: World) -> None:
    for page in pages():
        answer = client.get(page.path(world.target(world.north)))
        if page.name not in PUBLIC_PAGES:
            # 410: a link of a mail that nobody was sent; 400: a consent that nobody began; 405: an act takes no GET.
            assert answer.status_code in {302, 400, 404, 405, 410}, page
            assert answer.headers.get("Location", "/admin/").startswith(("/admin/login", "/admin/")), page


def test_debug_is_off_and_tells_nothing(client: Client) -> None:
    assert client.get("/__debug__/").status_code == 404
    assert client.get("/.env").status_code == 404
    assert client.get("/static/../manage.py").status_code == 404
    assert client.get("/static/%2e%2e/manage.py").status_code == 404
