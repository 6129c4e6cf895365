"""Codes and refreshes against the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dexcom_sync.client import (
    RateLimited,
    ServerTrouble,
    TokenRefusal,
    TokenRefused,
    Unauthorized,
)
from dexcom_sync.tests.client.calling import Told, client_of
from tests.dexcom import CALLBACK, DexcomSandbox
from tests.live import free_port


def refusal(sandbox: DexcomSandbox, token: str, **changes: Any) -> TokenRefused:
    with client_of(sandbox.url, **changes) as client, pytest.raises(TokenRefused) as caught:
        client.refresh(token)
    return caught.value


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_the_patient_is_sent_to_consent_and_comes_back_with_a_code(dexcom_sandbox: DexcomSandbox, version: str) -> None:
    with client_of(dexcom_sandbox.url, oauth_version=version) as client:
        url = client.authorization_url("st&te=1 2")
        answer = httpx.get(f"{url}&_user=SandboxUser7&_approve=1")
        back = parse_qs(urlsplit(answer.headers["location"]).query)
        tokens = client.exchange_code(back["code"][0])
        page = client.data_range(tokens.access_token)

    assert urlsplit(url).path == f"/{version}/oauth2/login"
    assert answer.headers["location"].startswith(CALLBACK)
    assert back["state"] == ["st&te=1 2"]
    assert tokens.expires_in == 7200
    assert not tokens.life_was_assumed
    assert abs(tokens.expires_at - datetime.now(UTC) - timedelta(seconds=7200)) < timedelta(seconds=60)
    assert page.envelope.user_id == dexcom_sandbox.user("SandboxUser7")["userId"]


def test_a_code_opens_once(dexcom_sandbox: DexcomSandbox) -> None:
    code = dexcom_sandbox.code("SandboxUser7")
    with client_of(dexcom_sandbox.url) as client:
        client.exchange_code(code)
        with pytest.raises(TokenRefused) as caught:
            client.exchange_code(code)

    assert caught.value.kind is TokenRefusal.INVALID_GRANT
    assert not caught.value.is_our_fault


@pytest.mark.parametrize("reuse", ["reject_only", "kills_family"])
def test_a_refresh_token_opens_once(dexcom_sandbox: DexcomSandbox, reuse: str) -> None:
    dexcom_sandbox.config(refresh_reuse=reuse)
    first = dexcom_sandbox.connect("SandboxUser7")
    with client_of(dexcom_sandbox.url) as client:
        second = client.refresh(first["refresh_token"])

    assert second.refresh_token not in {None, first["refresh_token"]}
    assert refusal(dexcom_sandbox, first["refresh_token"]).kind is TokenRefusal.INVALID_GRANT
    assert dexcom_sandbox.tokens("SandboxUser7")["reuse_attempts"] == 1


def test_a_wrong_secret_is_our_fault_and_nobody_elses(dexcom_sandbox: DexcomSandbox) -> None:
    token = dexcom_sandbox.connect("SandboxUser7")["refresh_token"]
    refused = refusal(dexcom_sandbox, token, client_secret="former")

    assert refused.kind is TokenRefusal.INVALID_CLIENT
    assert refused.is_our_fault


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ({"status": 400, "error": "invalid_grant"}, TokenRefusal.INVALID_GRANT),
        ({"status": 401, "error": "invalid_client"}, TokenRefusal.INVALID_CLIENT),
        ({"status": 400, "error": "unauthorized_client"}, TokenRefusal.UNAUTHORIZED_CLIENT),
        ({"status": 400, "error": "unsupported_grant_type"}, TokenRefusal.UNSUPPORTED_GRANT_TYPE),
        ({"status": 400, "error": "invalid_request"}, TokenRefusal.INVALID_REQUEST),
        (
            {"status": 400, "body": {"errors": [{"code": "invalid_grant", "title": "Gone"}]}},
            TokenRefusal.INVALID_GRANT,
        ),
        ({"status": 400, "body": {"message": "Max user count exceeded"}}, TokenRefusal.USER_CAP),
        ({"status": 400, "body": {"message": "Something odd"}}, TokenRefusal.UNRECOGNISED),
        ({"status": 400, "body": "invalid_grant"}, TokenRefusal.UNRECOGNISED),
        ({"status": 400, "body": {"error": "ambiguous"}}, TokenRefusal.UNRECOGNISED),
        ({"status": 400, "shape": "html"}, TokenRefusal.UNRECOGNISED),
        ({"status": 401, "shape": "empty"}, TokenRefusal.UNRECOGNISED),
        ({"status": 502, "shape": "empty"}, TokenRefusal.AMBIGUOUS),
        ({"status": 200, "body": {"access_token": ""}}, TokenRefusal.AMBIGUOUS),
        ({"status": 200, "body": {"access_token": "a\r\nX-Injected: 1"}}, TokenRefusal.AMBIGUOUS),
    ],
)
def test_refusals_are_told_apart(dexcom_sandbox: DexcomSandbox, action: dict[str, Any], kind: TokenRefusal) -> None:
    token = dexcom_sandbox.connect("SandboxUser7")["refresh_token"]
    dexcom_sandbox.fault({"endpoint": "token"}, "status", **action)

    assert refusal(dexcom_sandbox, token).kind is kind


@pytest.mark.parametrize("kind", ["lost_response", "eof", "truncated", "encoding", "html", "redirect", "drop"])
def test_a_lost_answer_is_ambiguous_and_is_not_repeated(dexcom_sandbox: DexcomSandbox, kind: str) -> None:
    token = dexcom_sandbox.connect("SandboxUser7")["refresh_token"]
    dexcom_sandbox.fault({"endpoint": "token"}, kind)

    assert refusal(dexcom_sandbox, token).kind is TokenRefusal.AMBIGUOUS
    assert len(dexcom_sandbox.log(endpoint="token")) == 1


def test_a_slow_answer_is_ambiguous(dexcom_sandbox: DexcomSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dexcom_sync.client.api.TOKEN_TIMEOUT", httpx.Timeout(0.2))
    token = dexcom_sandbox.connect("SandboxUser7")["refresh_token"]
    dexcom_sandbox.fault({"endpoint": "token"}, "delay", seconds=3, when="after")

    refused = refusal(dexcom_sandbox, token)
    assert (refused.kind, refused.code) == (TokenRefusal.AMBIGUOUS, "ReadTimeout")


def test_where_nothing_was_sent_the_token_is_as_good_as_before() -> None:
    with client_of(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(ServerTrouble) as caught:
        client.refresh("token")

    assert caught.value.code == "ConnectError"


@pytest.mark.parametrize("retry_after", [17, None])
def test_the_token_address_may_be_limited_or_down(dexcom_sandbox: DexcomSandbox, retry_after: int | None) -> None:
    token = dexcom_sandbox.connect("SandboxUser7")["refresh_token"]
    header = {"retry_after": retry_after} if retry_after else {}
    dexcom_sandbox.fault({"endpoint": "token"}, "status", status=429, **header)
    dexcom_sandbox.fault({"endpoint": "token"}, "status", status=503)
    with client_of(dexcom_sandbox.url) as client:
        with pytest.raises(RateLimited) as limited:
            client.refresh(token)
        with pytest.raises(ServerTrouble) as down:
            client.refresh(token)
        tokens = client.refresh(token)

    assert limited.value.retry_after == retry_after
    assert down.value.status == 503
    assert tokens.refresh_token


@pytest.mark.parametrize(
    ("expires_in", "life", "assumed"),
    [(1800, 1800, False), ("1800", 1800, False), (0, 7200, True), (7_200_000, 7200, True), (None, 7200, True)],
)
def test_the_life_of_a_token_is_believed_within_reason(
    dexcom_sandbox: DexcomSandbox, expires_in: object, life: int, assumed: bool
) -> None:
    body = {"access_token": "a", "refresh_token": "r", "expires_in": expires_in}
    dexcom_sandbox.fault({"endpoint": "token"}, "status", status=200, body=body)
    with client_of(dexcom_sandbox.url) as client:
        tokens = client.refresh("any")

    assert (tokens.expires_in, tokens.life_was_assumed) == (life, assumed)


def test_an_answer_without_refresh_token_says_so(dexcom_sandbox: DexcomSandbox) -> None:
    dexcom_sandbox.fault({"endpoint": "token"}, "status", status=200, body={"access_token": "a"})
    with client_of(dexcom_sandbox.url) as client:
        assert client.refresh("any").refresh_token is None


def test_a_token_of_another_region_does_not_open(dexcom_sandbox: DexcomSandbox) -> None:
    tokens = dexcom_sandbox.connect("SandboxUser7")
    with client_of(dexcom_sandbox.url_of("eu")) as client, pytest.raises(Unauthorized):
        client.data_range(tokens["access_token"])


def test_the_clocks_difference_is_told(dexcom_sandbox: DexcomSandbox) -> None:
    token = dexcom_sandbox.connect("SandboxUser7")["refresh_token"]
    dexcom_sandbox.clock(now=datetime.now(UTC) + timedelta(minutes=5))
    told: Told = []
    with client_of(dexcom_sandbox.url, told) as client:
        client.refresh(token)

    ((name, outcome),) = told
    assert name == "token"
    assert not isinstance(outcome, Exception)
    assert outcome.clock_skew == pytest.approx(300, abs=10)
