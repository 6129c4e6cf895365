"""O1 to O5, O7, O15, O16: from the login to the first tokens."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dexcom_sync.sandbox.world import CLIENT_ID
from dexcom_sync.tests.sandbox.asking import Caller, exchange, token
from tests.dexcom import CALLBACK, DexcomSandbox

GOOD = {
    "client_id": CLIENT_ID, "redirect_uri": CALLBACK, "response_type": "code", "scope": "offline_access",
    "state": "a b&c",
}  # fmt: skip


def login(sandbox: DexcomSandbox, *, host: str = "sandbox", version: str = "3", **changed: str) -> httpx.Response:
    return sandbox.http.get(f"{sandbox.url_of(host)}/v{version}/oauth2/login", params={**GOOD, **changed})


def answered(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 302
    assert response.headers["location"].startswith(CALLBACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


@pytest.mark.parametrize("version", [2, 3])
def test_both_versions_give_codes_and_tokens(dexcom_sandbox: DexcomSandbox, version: int) -> None:
    back = answered(login(dexcom_sandbox, version=str(version), _user="SandboxUser7", _approve="1"))
    form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": CALLBACK}

    assert back["state"] == "a b&c"
    assert token(dexcom_sandbox, form, version=version).status_code == 200


def test_the_pages_list_users_and_ask_for_consent(dexcom_sandbox: DexcomSandbox) -> None:
    chosen, consent = login(dexcom_sandbox), login(dexcom_sandbox, _user="SandboxUser7")

    assert chosen.status_code == consent.status_code == 200
    assert all(name in chosen.text for name in dexcom_sandbox.users())
    assert "a b&amp;c" in consent.text
    assert "<script" not in chosen.text + consent.text


def test_a_signature_is_needed_where_the_page_is_used(dexcom_sandbox: DexcomSandbox) -> None:
    form = {**GOOD, "_user": "SandboxUser7", "_approve": "1"}
    unsigned = dexcom_sandbox.http.post("/v3/oauth2/login", data={**form, "_signature": " "})
    signed = dexcom_sandbox.http.post("/v3/oauth2/login", data={**form, "_signature": "Ann"})

    assert (unsigned.status_code, 'role="alert"' in unsigned.text) == (400, True)
    assert set(answered(signed)) == {"code", "state"}


@pytest.mark.parametrize(
    "changed",
    [{"client_id": "nobody"}, {"redirect_uri": CALLBACK + "/"}, {"redirect_uri": "https://elsewhere.example"}],
)
def test_unknown_apps_and_addresses_are_not_sent_anywhere(
    dexcom_sandbox: DexcomSandbox, changed: dict[str, str]
) -> None:
    answer = login(dexcom_sandbox, _user="SandboxUser7", _approve="1", **changed)

    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "egv"}, "invalid_scope"),
        ({"_user": "SandboxUser7", "_approve": "0"}, "access_denied"),
    ],
)
def test_what_is_refused_goes_back_with_the_state(
    dexcom_sandbox: DexcomSandbox, changed: dict[str, str], error: str
) -> None:
    assert answered(login(dexcom_sandbox, **changed)) == {"error": error, "state": "a b&c"}


def test_a_code_works_once(dexcom_sandbox: DexcomSandbox) -> None:
    code = dexcom_sandbox.code("SandboxUser7")

    assert exchange(dexcom_sandbox, code).status_code == 200
    again = exchange(dexcom_sandbox, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_a_code_lives_for_a_minute(dexcom_sandbox: DexcomSandbox) -> None:
    dexcom_sandbox.clock(rate=0)
    early, late = dexcom_sandbox.code("SandboxUser7"), dexcom_sandbox.code("SandboxUser6")
    dexcom_sandbox.clock(advance_s=60)
    assert exchange(dexcom_sandbox, early).status_code == 200
    dexcom_sandbox.clock(advance_s=1)
    assert exchange(dexcom_sandbox, late).json()["error"] == "invalid_grant"


def test_codes_can_be_the_same_each_time(dexcom_sandbox: DexcomSandbox) -> None:
    assert dexcom_sandbox.code("SandboxUser7") != dexcom_sandbox.code("SandboxUser7")

    dexcom_sandbox.config(static_code="on")
    code = dexcom_sandbox.code("SandboxUser7")
    assert exchange(dexcom_sandbox, code).status_code == 200
    assert dexcom_sandbox.code("SandboxUser7") == code
    assert exchange(dexcom_sandbox, code).status_code == 200


def test_another_redirect_uri_spoils_the_exchange(dexcom_sandbox: DexcomSandbox) -> None:
    answer = exchange(dexcom_sandbox, dexcom_sandbox.code("SandboxUser7"), redirect_uri="https://elsewhere.example")
    assert answer.json()["error"] == "invalid_grant"


def test_a_region_has_a_cap_of_users(dexcom_sandbox: DexcomSandbox) -> None:
    names = dexcom_sandbox.users(count=6, prefix="cap", scenario="SandboxUser7")
    for name in names[:5]:
        assert exchange(dexcom_sandbox, dexcom_sandbox.code(name, host="us"), host="us").status_code == 200
    refused = exchange(dexcom_sandbox, dexcom_sandbox.code(names[5], host="us"), host="us")

    assert refused.status_code == 400
    assert "maximum user count" in refused.text
    assert exchange(dexcom_sandbox, dexcom_sandbox.code(names[0], host="us"), host="us").status_code == 200
    dexcom_sandbox.config(user_cap=0)
    assert exchange(dexcom_sandbox, dexcom_sandbox.code(names[5], host="us"), host="us").status_code == 200


def test_an_account_lives_in_one_region(dexcom_sandbox: DexcomSandbox) -> None:
    abroad = login(dexcom_sandbox, host="eu", _user="SandboxUser7", _approve="1")

    assert (abroad.status_code, "location" in abroad.headers) == (401, False)
    assert "not correct" in abroad.text
    assert login(dexcom_sandbox, host="us", _user="SandboxUser7", _approve="1").status_code == 302


def test_tokens_of_one_region_are_unknown_in_another(dexcom_sandbox: DexcomSandbox) -> None:
    caller = Caller(dexcom_sandbox, "SandboxUser7", host="us")
    assert caller.get("dataRange").status_code == 200

    caller.host = "eu"
    assert caller.get("dataRange").status_code == 401
    assert caller.refresh().json()["error"] == "invalid_grant"
    code = dexcom_sandbox.code("SandboxUser7", host="us")
    assert exchange(dexcom_sandbox, code, host="eu").json()["error"] == "invalid_grant"
