"""What every answer carries, whatever it says and to whom: pages, JSON, files, redirects, refusals, faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from edge.answers import _constant_headers
from glucose_platform.routes import ROUTES
from tenancy.api.routing import Route
from tests.edges.asking import Asking, Operation, asking
from tests.edges.shares import share
from tests.isolation import callers
from tests.isolation.attacks import METHODS
from tests.isolation.pages import Page, pages
from tests.isolation.world import World

pytestmark = pytest.mark.promise(52)
EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}
# Of the data plane's JSON, which is no page and asks for nothing.
NOTHING_AT_ALL = "default-src 'none'; frame-ancestors 'none'"
# The same document for everybody: it may be kept.
WITHOUT_PEOPLE = {"jwks"}


@pytest.fixture(scope="module")
def ask(world: World) -> Asking:
    return asking(world)


@pytest.fixture(scope="module", autouse=True)
def over_tls() -> Iterator[None]:
    """As in production, where each request came over TLS. The middleware reads this when it is made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "SECURE_HSTS_SECONDS", 31_536_000)
        patch.setattr(settings, "SECURE_HSTS_INCLUDE_SUBDOMAINS", True)
        patch.setattr(settings, "SECURE_HSTS_PRELOAD", True)
        patch.setattr(settings, "SECURE_PROXY_SSL_HEADER", ("HTTP_X_FORWARDED_PROTO", "https"), raising=False)
        callers._handler.cache_clear()
        _constant_headers.cache_clear()
        yield
    callers._handler.cache_clear()
    _constant_headers.cache_clear()


TLS = {"X-Forwarded-Proto": "https"}


def faults_of(answer: Any) -> list[str]:
    faults = [name for name, value in EXPECTED.items() if answer.headers.get(name) != value]
    # The address of a consent's end holds its code: no page that follows may be told.
    if answer.headers.get("Referrer-Policy") not in {"same-origin", "no-referrer"}:
        faults.append("Referrer-Policy")
    if "camera=()" not in answer.headers.get("Permissions-Policy", ""):
        faults.append("Permissions-Policy")
    if "no-store" not in answer.headers.get("Cache-Control", ""):
        faults.append("Cache-Control")
    return faults + faults_of_policy(answer.headers.get("Content-Security-Policy", ""))


def faults_of_policy(policy: str) -> list[str]:
    if policy == NOTHING_AT_ALL:
        return []
    directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    expected = {"default-src": "'self'", "frame-ancestors": "'none'", "object-src": "'none'", "base-uri": "'self'"}
    faults = [name for name, value in expected.items() if directives.get(name) != value]
    if not directives.get("script-src", "*").startswith("'self'") or "unsafe" in directives["script-src"]:
        faults.append("script-src")
    return faults


@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_routes(route: Route, ask: Asking) -> None:
    for place, method in enumerate(METHODS, ROUTES.index(route)):
        # A method that the route does not have is refused before anybody asks who it is.
        of = 1 if method in route.access else 3
        for caller in share([ask.owner, ask.patient, ask.device], place, of=of):
            answer = ask.send(Operation(route, method), b"{", method=method, caller=caller, **TLS)
            allowed = {"Cache-Control"} if route.name in WITHOUT_PEOPLE else set()
            assert set(faults_of(answer)) <= allowed, (method, answer.status_code)


@pytest.mark.parametrize("page", pages(), ids=[page.name or page.pattern for page in pages()])
def test_pages(page: Page, ask: Asking, world: World) -> None:
    for caller in (ask.owner, ask.patient):
        answer = caller.client().get(page.path(world.target(world.north)), headers=TLS)
        faults = set(faults_of(answer))
        # The scripts of the admin's theme: see the decision beside the loose policy.
        loose = "unsafe-eval" in answer.headers.get("Content-Security-Policy", "")
        # The catalogue of translated words is the same for everybody.
        allowed = ({"script-src"} if loose else set()) | ({"Cache-Control"} if page.name == "jsi18n" else set())
        assert faults - allowed == set(), answer.status_code


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/nothing", "/api/v1/nothing", "/api/v1/patients/%ff", "/admin/nothing/", "/static/no.css"]
)
def test_what_does_not_exist(client: Client, path: str) -> None:
    answer = client.get(path, headers=TLS)
    assert answer.status_code in {302, 401, 404}
    assert set(faults_of(answer)) - ({"Cache-Control"} if path.startswith("/static/") else set()) == set()


@pytest.mark.django_db
@pytest.mark.promise(54)
@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/system/version", "/readyz", "/docs"])
def test_a_fault_of_ours_tells_nothing(client: Client, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def boom(*_: Any, **__: Any) -> None:
        raise RuntimeError("SELECT first_name FROM patients_patient WHERE Canary-Surname")

    monkeypatch.setattr("glucose_platform.system.RoutedView.finalize_response", boom)
    monkeypatch.setattr("edge.health._body", boom)
    client.raise_request_exception = False
    answer = client.get(path, headers={**TLS, "Accept": "text/html"})
    assert answer.status_code == 500
    assert faults_of(answer) == []
    for word in (
        b"SELECT",
        b"Canary",
        b"Traceback",
        b"RuntimeError",
        b".py",
        b"/work",
        str(settings.BASE_DIR).encode(),
    ):
        assert word not in answer.content


@pytest.mark.django_db
@pytest.mark.promise(43)
def test_a_refusal_of_a_limit(client: Client, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "public": "1/minute"}
    answers = [client.get(path, headers=TLS) for path in ("/", "/docs", "/api/v1/patients")]
    assert [answer.status_code for answer in answers] == [200, 429, 429]
    assert [faults_of(answer) for answer in answers] == [[], [], []]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers[1:])


def test_files(client: Client) -> None:
    """Of the pages' design, the same for everybody: a browser may keep them."""
    answer = client.get("/static/docs/page.css", headers=TLS)
    names = {"X-Content-Type-Options", "Cross-Origin-Resource-Policy", "X-Frame-Options"}
    assert {name: answer.headers[name] for name in names} == {name: EXPECTED[name] for name in names}


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "a b", "localhost:x"])
def test_a_foreign_host_is_refused_in_few_words(client: Client, host: str) -> None:
    """The address goes into links of mails; and pages of another name would share our cookies."""
    answer = client.get("/api/v1/health", headers={"Host": host, **TLS})
    assert answer.status_code == 400
    assert host.encode() not in answer.content
    assert faults_of(answer) == []
