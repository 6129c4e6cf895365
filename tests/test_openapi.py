"""The OpenAPI document is what the routes are, and its pages fetch nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

from glucose_platform.routes import ROUTES
from tenancy.api.routing import DEVICE, PUBLIC

PROJECT = Path(__file__).resolve().parent.parent
UNDOCUMENTED = {"", "health", "livez", "readyz", "metrics", "api/v1/schema", "docs", "redoc"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((PROJECT / "schema.yml").read_text())
    return read


def test_every_method_of_every_route_is_documented(document: dict[str, Any]) -> None:
    expected = {
        (f"/{route.path}", method.lower())
        for route in ROUTES
        if route.path not in UNDOCUMENTED
        for method in route.access
    }
    documented = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert documented == expected


def test_the_credential_of_each_operation_follows_from_its_route(document: dict[str, Any]) -> None:
    for route in ROUTES:
        if route.path in UNDOCUMENTED:
            continue
        for method, access in route.access.items():
            # Left out where no credential is even looked at.
            security = document["paths"][f"/{route.path}"][method.lower()].get("security", [{}])
            names = {name for requirement in security for name in requirement}
            allowed = access.split("|")
            if PUBLIC in allowed:
                assert security == [{}]
            else:
                assert names == ({"bearer", "deviceKey"} if DEVICE in allowed else {"bearer"}), route
    schemes = document["components"]["securitySchemes"]
    assert (schemes["bearer"]["scheme"], schemes["deviceKey"]["name"]) == ("bearer", "X-API-Key")


def test_names_are_camel_case_and_no_database_key_is_described(document: dict[str, Any]) -> None:
    oauth = {"Tokens", "Login", "LoginRequest", "PasswordFormRequest", "RefreshRequest"} | {
        *("AuthorizationUrl", "Connected"),  # of consents with Dexcom
        "SystemMetrics",  # named as the systems before this one named them
    }
    for name, component in document["components"]["schemas"].items():
        for field, described in component.get("properties", {}).items():
            assert name in oauth or "_" not in field, (name, field)
            assert field != "id" or described["format"] == "uuid", name


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/docs", "/docs?script=", "/redoc"])
def test_the_pages_have_no_inline_script_and_no_foreign_address(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert re.findall(r"https?://", text) == []
    if "script=" not in path:
        assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
        assert "<style" not in text
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == "'self'"
    assert ("'unsafe-inline'" in policy["style-src"]) == (path == "/redoc")
