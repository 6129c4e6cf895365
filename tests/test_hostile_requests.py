"""Requests that no client of ours sends, over HTTP: answered in words, in the API's one form of an error."""

from __future__ import annotations

import httpx
import pytest
from django.test import Client

FORM = "application/x-www-form-urlencoded"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("charset", ["hex", "rot13", "undefined", "utf-16", "no-such", "latin-1"])
def test_no_charset_is_obeyed(live_url: str, charset: str) -> None:
    headers = {"Content-Type": f"{FORM}; charset={charset}"}
    with httpx.Client(base_url=live_url) as http:
        assert http.get("/api/v1/health?a=ü", headers=headers).status_code == 200
        answer = http.post("/api/v1/auth/token", content=b"username=a&password=b", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Incorrect email or password."})


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"a" * 30_000_000, 413), (b"&".join(b"a=1" for _ in range(3000)), 400)],
    ids=["30 MB", "fields"],
)
@pytest.mark.parametrize("path", ["/api/v1/auth/token", "/api/v1/auth/refresh"])
@pytest.mark.promise(41)
def test_a_form_has_limits(live_url: str, path: str, body: bytes, status: int) -> None:
    answer = httpx.post(live_url + path, content=body, headers={"Content-Type": FORM}, timeout=30)
    assert answer.status_code == status
    assert answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/patients/", "/api/"])
def test_an_address_of_the_api_that_does_not_exist_says_so_in_json(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


def test_a_page_that_does_not_exist_is_a_page(client: Client) -> None:
    answer = client.get("/nothing")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.promise(54)
def test_a_fault_of_ours_tells_nothing_of_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("where and why")

    monkeypatch.setattr("glucose_platform.system.timezone.now", fail)
    client.raise_request_exception = False
    answer = client.get("/api/v1/health")
    assert (answer.status_code, list(answer.json())) == (500, ["detail"])
    assert b"where and why" not in answer.content


@pytest.mark.parametrize("path", ["/api/v1/auth/me", "/api/v1/nothing", "/api/v1/health", "/api/v1/auth/login"])
@pytest.mark.promise(52)
def test_no_answer_is_kept_or_sniffed(client: Client, path: str) -> None:
    answer = client.get(path)
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
