"""Pages of the named origins may call the API with a bearer token; nobody else's page may read an answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tenancy.origins import origin_is_allowed, problems_of_origins
from tests.clinics import Clinic

APP = "https://app.example"
SIGN_IN = "/api/v1/auth/login"
DEVICE = "/api/v1/devices/ARGUS_001234/readings"
GRANTS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods")


@pytest.fixture(autouse=True)
def one_origin(settings: Any) -> None:
    settings.CORS_ORIGINS = [APP]


def preflight(client: Client, path: str, origin: str, method: str = "POST") -> Any:
    return client.options(path, headers={"Origin": origin, "Access-Control-Request-Method": method})


@pytest.mark.parametrize("path", [SIGN_IN, DEVICE])
def test_a_named_origin_may_ask_first(client: Client, path: str) -> None:
    answer = preflight(client, path, APP)
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == APP
    assert {"authorization", "content-type", "x-api-key"} <= set(answer["Access-Control-Allow-Headers"].split(", "))
    assert "POST" in answer["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in answer
    assert "origin" in answer["Vary"].lower()


@pytest.mark.parametrize("path", [SIGN_IN, DEVICE])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://app.example",
        "https://app.example.evil.example",
        "https://app.example:8443",
        "https://APP.example",
        "https://app.example/",
        "null",
        "*",
        "",
    ],
)
def test_no_other_origin_gets_a_grant(client: Client, path: str, origin: str) -> None:
    answer = preflight(client, path, origin)
    assert [name for name in GRANTS if name in answer] == []


@pytest.mark.django_db
def test_answers_carry_the_grant_and_show_what_a_client_needs(northside: Clinic) -> None:
    answer = northside.api("nurse").get("/api/v1/patients", headers={"Origin": APP})
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, APP)
    assert set(answer["Access-Control-Expose-Headers"].split(", ")) == {"Retry-After", "X-Request-ID"}
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Access-Control-Allow-Origin" not in northside.api("nurse").get("/api/v1/patients")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/", "/docs"])
def test_pages_are_nobodys_to_fetch(client: Client, path: str) -> None:
    assert "Access-Control-Allow-Origin" not in client.get(path, headers={"Origin": APP})


@pytest.mark.django_db
def test_refusals_can_be_read_as_well(client: Client, settings: Any) -> None:
    """Without the header a page would see a failed connection instead of 401, 404 or 429."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "public": "2/minute"}
    answers = [client.get(path, headers={"Origin": APP}) for path in ("/api/v1/patients", "/api/v1/no", "/api/v1/no")]
    assert [answer.status_code for answer in answers] == [401, 404, 429]
    assert {answer.get("Access-Control-Allow-Origin") for answer in answers} == {APP}


def test_every_origin_where_development_says_so(settings: Any) -> None:
    settings.CORS_ORIGINS = ["*"]
    assert origin_is_allowed("http://localhost:5173")
    assert not origin_is_allowed("null")


@pytest.mark.parametrize(
    ("origin", "in_production", "elsewhere"),
    [
        ("https://app.example", True, True),
        ("https://app.example:8443", True, True),
        ("http://localhost:5173", True, True),
        ("capacitor://localhost", True, True),
        ("http://app.example", False, True),
        ("*", False, True),
        ("https://app.example/", False, False),
        ("https://App.example", False, False),
        ("app.example", False, False),
        ("null", False, False),
        ("https://*.example", False, False),
    ],
)
def test_origins_that_no_browser_sends_are_named_at_the_start(
    origin: str, in_production: bool, elsewhere: bool
) -> None:
    assert (problems_of_origins([origin], production=True) == []) == in_production
    assert (problems_of_origins([origin], production=False) == []) == elsewhere
