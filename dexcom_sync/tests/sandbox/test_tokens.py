"""O6, O8 to O14, O17: what becomes of tokens."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dexcom_sync.sandbox.world import CLIENT_ID, CLIENT_SECRET
from dexcom_sync.tests.sandbox.asking import Caller
from tests.dexcom import DexcomSandbox

DAY = 86_400


@pytest.fixture
def caller(dexcom_sandbox: DexcomSandbox) -> Caller:
    dexcom_sandbox.clock(rate=0)
    return Caller(dexcom_sandbox, "SandboxUser7")


def error(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def test_the_answer_has_the_documented_fields(caller: Caller) -> None:
    body = caller.refresh().json()

    assert set(body) == {
        "access_token", "expires_in", "token_type", "refresh_token", "refresh_expires_in", "not-before-policy",
        "session_state",
    }  # fmt: skip
    assert (body["expires_in"], body["token_type"], body["refresh_expires_in"]) == (7200, "Bearer", 0)


def test_only_forms_with_the_credentials_inside_are_read(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": caller.tokens["refresh_token"]}
    credentials = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    as_json = dexcom_sandbox.http.post("/v3/oauth2/token", json=form | credentials)
    basic = dexcom_sandbox.http.post("/v3/oauth2/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET))

    assert error(as_json) == (400, "invalid_request")
    assert error(basic) == (401, "invalid_client")
    assert dexcom_sandbox.tokens("SandboxUser7")["refreshes"] == 0


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"refresh_token": ""}, "invalid_request"),
        ({"refresh_token": "never given"}, "invalid_grant"),
    ],
)
def test_what_is_wrong_is_told_by_its_code(caller: Caller, changed: dict[str, str], expected: str) -> None:
    assert error(caller.refresh(**changed)) == (400, expected)


def test_an_access_token_ends_after_its_time(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.clock(advance_s=7199)
    assert caller.get("dataRange").status_code == 200
    dexcom_sandbox.clock(advance_s=1)
    assert caller.get("dataRange").status_code == 401

    dexcom_sandbox.config(access_ttl_s=30)
    caller.tokens = caller.refresh().json()
    assert caller.tokens["expires_in"] == 30
    dexcom_sandbox.clock(advance_s=30)
    assert caller.get("dataRange").status_code == 401


def test_a_refresh_token_is_spent_by_its_use(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    newer = caller.refresh().json()

    assert newer["refresh_token"] != caller.tokens["refresh_token"]
    assert error(caller.refresh()) == (400, "invalid_grant")
    caller.tokens = newer
    assert caller.refresh().status_code == 200
    told = dexcom_sandbox.tokens("SandboxUser7")
    assert (told["refreshes"], told["reuse_attempts"], told["generation"]) == (2, 1, 3)


def test_reuse_can_end_the_whole_family(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.config(refresh_reuse="kills_family")
    newer = caller.refresh().json()
    caller.refresh()
    caller.tokens = newer

    assert error(caller.refresh()) == (400, "invalid_grant")


@pytest.mark.parametrize(("switch", "status"), [("valid", 200), ("dies", 401)])
def test_the_former_access_token_stays_or_goes(
    dexcom_sandbox: DexcomSandbox, caller: Caller, switch: str, status: int
) -> None:
    dexcom_sandbox.config(old_access=switch)
    assert caller.refresh().status_code == 200
    assert caller.get("dataRange").status_code == status


@pytest.mark.parametrize(("mode", "status"), [("rolling", 200), ("absolute", 400)])
def test_the_year_counts_from_the_refresh_or_from_the_consent(
    dexcom_sandbox: DexcomSandbox, caller: Caller, mode: str, status: int
) -> None:
    dexcom_sandbox.config(refresh_ttl_mode=mode)
    dexcom_sandbox.clock(advance_s=300 * DAY)
    caller.tokens = caller.refresh().json()
    dexcom_sandbox.clock(advance_s=66 * DAY)
    assert caller.refresh().status_code == status


def test_a_refresh_token_expires(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.config(refresh_ttl_d=10)
    dexcom_sandbox.clock(advance_s=10 * DAY + 1)
    assert error(caller.refresh()) == (400, "invalid_grant")


def test_a_lost_answer_has_rotated(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.fault({"endpoint": "token", "grant_type": "refresh_token"}, "lost_response")
    with pytest.raises(httpx.RemoteProtocolError):
        caller.refresh()

    assert dexcom_sandbox.tokens("SandboxUser7")["refreshes"] == 1
    assert error(caller.refresh()) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("action", "status", "text"),
    [
        ({"status": 400, "shape": "message"}, 400, '{"message":"bad_request"}'),
        ({"status": 400, "error": "invalid_client"}, 400, '"error":"invalid_client"'),
        ({"status": 400, "body": "Something broke"}, 400, "Something broke"),
        ({"status": 401}, 401, "unauthorized"),
        ({"status": 429, "retry_after": 7}, 429, "too_many_requests"),
        ({"status": 500}, 500, "server_error"),
        ({"status": 503, "shape": "html"}, 503, "<html>"),
    ],
)
def test_the_token_endpoint_fails_without_rotating(
    dexcom_sandbox: DexcomSandbox, caller: Caller, action: dict[str, Any], status: int, text: str
) -> None:
    dexcom_sandbox.fault({"endpoint": "token"}, "status", **action)
    answer = caller.refresh()

    assert (answer.status_code, text in answer.text) == (status, True)
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)
    assert caller.refresh().status_code == 200


def test_an_answer_can_come_too_late(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.fault({"endpoint": "token"}, "delay", seconds=40, when="after")
    form = {
        "grant_type": "refresh_token", "refresh_token": caller.tokens["refresh_token"], "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }  # fmt: skip
    with pytest.raises(httpx.ReadTimeout):
        dexcom_sandbox.http.post("/v3/oauth2/token", data=form, timeout=0.5)

    assert dexcom_sandbox.tokens("SandboxUser7")["refreshes"] == 1


def test_a_new_secret_ends_the_former_at_once(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.register(client_secret="another")
    assert error(caller.refresh()) == (400, "invalid_client")
    assert caller.refresh(client_secret="another").status_code == 200


def test_a_changed_password_ends_refreshing_and_not_the_consent(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.password_change("SandboxUser7")

    assert caller.get("dataRange").status_code == 200
    assert error(caller.refresh()) == (400, "invalid_grant")
    assert Caller(dexcom_sandbox, "SandboxUser7").refresh().status_code == 200


@pytest.mark.parametrize(
    ("variant", "status"), [("401_then_invalid_grant", 401), ("403", 403), ("invalid_grant_only", 200)]
)
@pytest.mark.parametrize("by_switch", [True, False])
def test_revocation_looks_as_chosen(
    dexcom_sandbox: DexcomSandbox, caller: Caller, variant: str, status: int, by_switch: bool
) -> None:
    if by_switch:
        dexcom_sandbox.config(revoke_as=variant)
    dexcom_sandbox.revoke("SandboxUser7", None if by_switch else variant)

    assert caller.get("dataRange").status_code == status
    assert error(caller.refresh()) == (400, "invalid_grant")


def test_access_can_be_made_to_expire(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.expire_access("SandboxUser7")
    assert caller.get("dataRange").status_code == 401
    assert caller.refresh().status_code == 200
