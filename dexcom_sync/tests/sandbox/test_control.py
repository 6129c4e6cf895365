"""The control calls, the ledger, and who may not use them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from dexcom_sync.sandbox.app import Sandbox
from dexcom_sync.sandbox.identities import NAMESPACE, record_ids
from dexcom_sync.sandbox.serving import PROJECT
from dexcom_sync.sandbox.world import App, Start
from dexcom_sync.tests.sandbox.asking import ANCHOR_AT, DATA, Caller
from tests.dexcom import DexcomSandbox, running_sandbox
from tests.live import free_port

HOUR = timedelta(hours=1)
RECORD: dict[str, Any] = {
    "recordId": "11111111-2222-5333-8444-555555555555", "systemTime": "2026-05-20T10:00:00Z",
    "displayTime": "2026-05-20T06:00:00-04:00", "value": 123,
}  # fmt: skip


def test_the_clock_is_set_advanced_and_stopped(dexcom_sandbox: DexcomSandbox) -> None:
    moment = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)

    assert dexcom_sandbox.clock(now=moment, rate=0) == dexcom_sandbox.clock() == moment
    assert dexcom_sandbox.clock(advance_s=90) == moment + timedelta(seconds=90)
    before = dexcom_sandbox.clock(rate=100_000)
    assert dexcom_sandbox.clock() > before


def test_a_reset_forgets_everything(dexcom_sandbox: DexcomSandbox) -> None:
    caller = Caller(dexcom_sandbox, "SandboxUser7")
    dexcom_sandbox.config(bounds="closed")
    dexcom_sandbox.users(name="guest", scenario="edge-empty")
    dexcom_sandbox.reset()

    assert caller.get("dataRange").status_code == 401
    assert dexcom_sandbox.config()["bounds"] == "half_open"
    assert "guest" not in dexcom_sandbox.users()
    assert abs(dexcom_sandbox.clock() - datetime.now(UTC)) < timedelta(seconds=30)


def test_the_same_seed_gives_the_same_data(dexcom_sandbox: DexcomSandbox) -> None:
    def told(seed: int) -> list[dict[str, Any]]:
        dexcom_sandbox.reset(seed=seed)
        caller = Caller(dexcom_sandbox, "SandboxUser6")
        return [record for endpoint in DATA for record in caller.records(endpoint)] + caller.devices()

    first = told(3)
    assert first == told(3)
    assert [record.get("value") for record in first] != [record.get("value") for record in told(4)]


def test_many_users_at_once_each_with_their_own_data(dexcom_sandbox: DexcomSandbox) -> None:
    names = dexcom_sandbox.users(count=500, scenario="SandboxUser7", prefix="load", days=3)
    one, other = (Caller(dexcom_sandbox, name) for name in names[:2])

    assert (names[0], names[-1]) == ("load-001", "load-500")
    assert one.data_range()["userId"] != other.data_range()["userId"]
    assert {each["recordId"] for each in one.records("egvs")}.isdisjoint(
        each["recordId"] for each in other.records("egvs")
    )
    assert [each["value"] for each in one.records("egvs")] != [each["value"] for each in other.records("egvs")]


def test_live_data_go_on_as_long_as_the_clock_runs(dexcom_sandbox: DexcomSandbox) -> None:
    now = datetime(2026, 8, 10, 12, tzinfo=UTC)
    dexcom_sandbox.reset(live=True, now=now, rate=0)
    dexcom_sandbox.config(access_ttl_s=10**8, delay_us_h=0)
    caller = Caller(dexcom_sandbox, "SandboxUser7")
    before = caller.records("egvs", now - timedelta(days=2), now)
    dexcom_sandbox.clock(advance_s=3 * 86_400)
    later = dexcom_sandbox.clock()
    after = caller.records("egvs", now - timedelta(days=2), later)

    assert now - datetime.fromisoformat(before[0]["displayTime"]) < timedelta(minutes=6)
    assert later - datetime.fromisoformat(after[0]["displayTime"]) < timedelta(hours=2)
    assert len(after) > len(before) + 3 * 250
    ids = [record["recordId"] for record in after]
    assert len(set(ids)) == len(ids)
    assert {record["recordId"] for record in before} <= set(ids)


def test_injected_records_are_seen_when_they_were_uploaded(dexcom_sandbox: DexcomSandbox) -> None:
    dexcom_sandbox.reset(now=ANCHOR_AT, rate=0)
    dexcom_sandbox.inject("edge-empty", "egvs", [RECORD], uploadedAt=ANCHOR_AT)
    caller = Caller(dexcom_sandbox, "edge-empty")
    assert caller.records("egvs") == []
    dexcom_sandbox.clock(advance_s=3600)
    assert caller.records("egvs") == [RECORD]

    dexcom_sandbox.inject("edge-empty", "egvs", [{**RECORD, "recordId": "r"}], receiver=True)
    assert len(caller.records("egvs")) == 2


def test_a_later_version_takes_the_place_of_the_former(dexcom_sandbox: DexcomSandbox) -> None:
    """Also of a reading that the scenario made itself."""
    caller = Caller(dexcom_sandbox, "SandboxUser7")
    records = caller.records("egvs")
    known = {**records[100], "value": 77}
    dexcom_sandbox.inject("SandboxUser7", "egvs", [known], uploadedAt=ANCHOR_AT)
    dexcom_sandbox.inject("SandboxUser7", "egvs", [{**known, "value": 78}], uploadedAt=ANCHOR_AT, duplicate=True)
    again = caller.records("egvs")

    assert len(again) == len(records) + 1
    assert {each["value"] for each in again if each["recordId"] == known["recordId"]} == {77, 78}
    entries = [
        each for each in dexcom_sandbox.ledger("SandboxUser7") if each["record"]["recordId"] == known["recordId"]
    ]
    assert sorted((each["record"]["value"], each["current"], each["served"]) for each in entries) == sorted(
        [(records[100]["value"], False, True), (77, True, True), (78, True, True)]
    )


def test_devices_can_be_injected(dexcom_sandbox: DexcomSandbox) -> None:
    device = {"transmitterId": "t", "displayDevice": "iOS", "displayApp": "G7", "alertSchedules": []}
    dexcom_sandbox.inject("edge-empty", "devices", [device])
    dexcom_sandbox.inject("edge-empty", "devices", [{**device, "lastUploadDate": "2026-05-01T00:00:00Z"}])

    assert Caller(dexcom_sandbox, "edge-empty").devices() == [{**device, "lastUploadDate": "2026-05-01T00:00:00Z"}]


@pytest.mark.parametrize("user", ["SandboxUser6", "edge-events", "edge-dup", "edge-late"])
@pytest.mark.parametrize("resource", DATA)
def test_the_ledger_is_what_calls_tell(dexcom_sandbox: DexcomSandbox, user: str, resource: str) -> None:
    caller, month = Caller(dexcom_sandbox, user), timedelta(days=30)
    told = caller.records(resource, ANCHOR_AT - 2 * month, ANCHOR_AT - month) + caller.records(resource)
    kept = [entry for entry in dexcom_sandbox.ledger(user, resource) if entry["current"]]

    def in_order(records: list[dict[str, Any]]) -> list[str]:
        return sorted(json.dumps(record, sort_keys=True) for record in records)

    assert in_order(told) == in_order([entry["record"] for entry in kept])
    assert all(entry["served"] for entry in kept)


def test_the_ledger_forgets_nothing_when_the_clock_goes_back(dexcom_sandbox: DexcomSandbox) -> None:
    dexcom_sandbox.reset(now=ANCHOR_AT - 10 * HOUR, rate=0)
    some = len(dexcom_sandbox.ledger("SandboxUser7"))
    dexcom_sandbox.clock(advance_s=5 * 3600)
    more = len(dexcom_sandbox.ledger("SandboxUser7"))
    dexcom_sandbox.clock(advance_s=-5 * 3600)

    assert some < more == len(dexcom_sandbox.ledger("SandboxUser7"))
    assert more < len(dexcom_sandbox.ledger("SandboxUser7", everything=True))
    late = dexcom_sandbox.ledger("SandboxUser7", since=ANCHOR_AT - 20 * HOUR, until=ANCHOR_AT - 19 * HOUR)
    assert 10 <= len(late) <= 12


def test_the_log_tells_calls_and_no_secrets(dexcom_sandbox: DexcomSandbox) -> None:
    caller = Caller(dexcom_sandbox, "SandboxUser7")
    caller.records("egvs")
    caller.refresh()
    seen = dexcom_sandbox.log()

    assert [(each["endpoint"], each["status"], each["user"]) for each in seen] == [
        ("egvs", 200, "SandboxUser7"),
        ("token", 200, "SandboxUser7"),
    ]
    assert seen[0]["query"] == {"startDate": "2026-05-02T00:00:00", "endDate": "2026-06-01T00:00:00"}
    assert seen[0]["records"] > 8_000
    assert dexcom_sandbox.log(since=seen[0]["number"], endpoint="egvs") == []
    whole = json.dumps(seen)
    for secret in (caller.tokens["access_token"], caller.tokens["refresh_token"], "sandbox-secret"):
        assert secret not in whole


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("config", {"bounds": "round"}),
        ("config", {"weather": "bad"}),
        ("config", {"access_ttl_s": "long"}),
        ("clock", {"now": "2026-01-01T00:00:00"}),
        ("clock", {"tomorrow": 1}),
        ("reset", {"speed": 1}),
        ("users", {"name": "x", "scenario": "unknown"}),
        ("users", {"name": "x", "scenario": "edge-empty", "region": "mars"}),
        ("users", {"name": "x", "scenario": "edge-empty", "zone": "Mars/Olympus"}),
        ("users", {"name": "x", "scenario": "edge-empty", "hat": "red"}),
        ("users", {"count": 0, "scenario": "edge-empty"}),
        ("users/SandboxUser7/records", {"resource": "weather", "records": []}),
        ("users/SandboxUser7/records", {"resource": "egvs", "records": [{"systemTime": "soon"}]}),
        ("users/SandboxUser7/revoke", {"variant": "loudly"}),
        ("users/nobody/revoke", {}),
        ("clients", {"client_id": "new"}),
    ],
)
def test_calls_that_make_no_sense_are_refused(dexcom_sandbox: DexcomSandbox, path: str, body: dict[str, Any]) -> None:
    answer = dexcom_sandbox.http.post(f"/_sim/{path}", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_pages_of_other_sites_control_nothing(dexcom_sandbox: DexcomSandbox) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    assert dexcom_sandbox.http.post("/_sim/reset", json={}, headers=headers).status_code == 404


def test_without_the_option_there_is_no_control() -> None:
    with running_sandbox(control=False) as sandbox:
        assert sandbox.http.post("/_sim/reset", json={}).status_code == 404
        assert sandbox.http.get("/_sim/log").status_code == 404
        assert httpx.get(f"{sandbox.url}/v3/users/self/egvs").status_code == 401


def test_other_machines_control_nothing() -> None:
    sandbox = Sandbox(Start(apps=(App("a", "b"),), control=True))
    with httpx.Client(transport=_From(sandbox, "192.0.2.7"), base_url="http://sandbox") as there:
        assert there.get("/_sim/log").status_code == 404
    with httpx.Client(transport=_From(sandbox, "127.0.0.1"), base_url="http://sandbox") as here:
        assert here.get("/_sim/log").status_code == 200


class _From(httpx.BaseTransport):
    """A caller of another address."""

    def __init__(self, app: Any, address: str) -> None:
        self._transport = httpx.ASGITransport(app, client=(address, 1))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def ask() -> httpx.Response:
            answer = await self._transport.handle_async_request(request)
            return httpx.Response(answer.status_code, content=await answer.aread())

        return asyncio.run(ask())


@pytest.mark.parametrize(
    "command", [["manage.py", "dexcom_sandbox"], ["-c", "from dexcom_sync.sandbox.app import *; from_environment()"]]
)
def test_it_does_not_start_in_production(command: list[str]) -> None:
    environ = {
        **os.environ, "APP_ENV": "production", "DEXCOM_SANDBOX_START": '{"apps":[]}', "PUBLIC_URL": "https://x.example",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, *command], cwd=PROJECT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "APP_ENV is production" in done.stderr


def test_the_command_serves_what_its_options_say() -> None:
    port = free_port()
    arguments = [
        "dexcom_sandbox",
        "--port",
        str(port),
        "--control",
        "--live",
        "--client-id",
        "mine",
        "--redirect-uri",
        "http://x/",
    ]
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"The Dexcom sandbox answers at http://127.0.0.1:{port}.\n"
        with httpx.Client(transport=httpx.HTTPTransport(retries=8), base_url=f"http://127.0.0.1:{port}") as http:
            assert http.get("/_sim/usage", timeout=30).json()["client_id"] == "mine"
            assert http.get("/_sim/users/SandboxUser7").json()["live"] is True
            query = {
                "client_id": "mine", "redirect_uri": "http://x/", "response_type": "code", "scope": "offline_access",
            }  # fmt: skip
            assert http.get("/v3/oauth2/login", params=query).status_code == 200
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_ids_are_those_that_uuid5_makes() -> None:
    names = [f"0/{number}" for number in range(500)]
    assert record_ids("someone/ios/", names) == [str(uuid.uuid5(NAMESPACE, "someone/ios/" + name)) for name in names]
