"""E13, E14 and the queue of faults."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dexcom_sync.tests.sandbox.asking import ANCHOR_AT, MONTH, Caller
from tests.dexcom import DexcomSandbox


@pytest.fixture
def caller(dexcom_sandbox: DexcomSandbox) -> Caller:
    return Caller(dexcom_sandbox, "SandboxUser7")


@pytest.mark.parametrize("status", [403, 404, 422, 500, 502, 503, 504])
def test_any_status_can_be_answered(dexcom_sandbox: DexcomSandbox, caller: Caller, status: int) -> None:
    dexcom_sandbox.fault({"endpoint": "egvs"}, "status", status=status)
    assert caller.window("egvs", ANCHOR_AT - MONTH, ANCHOR_AT).status_code == status
    assert caller.window("egvs", ANCHOR_AT - MONTH, ANCHOR_AT).status_code == 200


@pytest.mark.parametrize("kind", ["eof", "drop", "lost_response"])
def test_connections_break(dexcom_sandbox: DexcomSandbox, caller: Caller, kind: str) -> None:
    dexcom_sandbox.fault({"endpoint": "data"}, kind)
    with pytest.raises(httpx.RemoteProtocolError):
        caller.records("egvs")
    assert caller.records("egvs")


def test_truncated_json_is_complete_as_http(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.fault({"endpoint": "egvs"}, "truncated")
    answer = caller.window("egvs", ANCHOR_AT - MONTH, ANCHOR_AT)

    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"line 1 column"):
        answer.json()


def test_a_wrong_encoding_cannot_be_read(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.fault({"endpoint": "egvs"}, "encoding")
    with pytest.raises(httpx.DecodingError):
        caller.records("egvs")


def test_pages_of_a_gateway(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.fault({"endpoint": "egvs"}, "html")
    dexcom_sandbox.fault({"endpoint": "egvs"}, "redirect", to="/signin")
    page, elsewhere = (caller.window("egvs", ANCHOR_AT - MONTH, ANCHOR_AT) for _ in range(2))

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (elsewhere.status_code, elsewhere.headers["location"]) == (302, "/signin")


def test_an_answer_without_records(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.fault({"endpoint": "egvs"}, "no_records")
    assert set(caller.window("egvs", ANCHOR_AT - MONTH, ANCHOR_AT).json()) == {"recordType", "recordVersion", "userId"}


@pytest.mark.parametrize("endpoint", ["egvs", "dataRange", "devices"])
def test_another_users_id(dexcom_sandbox: DexcomSandbox, caller: Caller, endpoint: str) -> None:
    right = dexcom_sandbox.user("SandboxUser7")["userId"]
    dexcom_sandbox.fault({"endpoint": endpoint, "user": "SandboxUser7"}, "other_user")
    got = [
        caller.get(endpoint, startDate="2026-05-01T00:00:00", endDate="2026-05-02T00:00:00").json()["userId"]
        for _ in range(2)
    ]

    assert got[0] != right
    assert len(got[0]) == len(right)
    assert got[1] == right


def test_a_fault_waits(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.fault({"endpoint": "dataRange"}, "delay", seconds=0.3)
    assert caller.get("dataRange").status_code == 200
    assert dexcom_sandbox.log(endpoint="dataRange")[-1]["took_ms"] >= 300


@pytest.mark.parametrize(
    "match", [{"user": "SandboxUser8"}, {"endpoint": "events"}, {"host": "eu"}, {"client_id": "x"}]
)
def test_others_are_left_alone(dexcom_sandbox: DexcomSandbox, caller: Caller, match: dict[str, str]) -> None:
    dexcom_sandbox.fault(match, "status", status=500, times=None)
    assert caller.records("egvs")
    assert dexcom_sandbox.faults()[0]["hits"] == 0


def test_any_of_several_is_meant(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.fault({"endpoint": ["egvs", "token"]}, "status", times=2)
    assert caller.window("egvs", ANCHOR_AT - MONTH, ANCHOR_AT).status_code == 500
    assert caller.refresh().status_code == 500
    assert caller.refresh().status_code == 200


def test_chance_is_the_same_with_the_same_seed(dexcom_sandbox: DexcomSandbox) -> None:
    def storm() -> list[int]:
        dexcom_sandbox.reset(seed=5)
        dexcom_sandbox.fault({"endpoint": "data"}, "status", status=503, times=None, probability=0.3)
        caller = Caller(dexcom_sandbox, "SandboxUser7")
        return [caller.get("dataRange").status_code for _ in range(60)]

    first = storm()
    assert first == storm()
    assert 5 < first.count(503) < 35


def test_faults_can_be_cleared(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.fault({}, "status", times=None)
    dexcom_sandbox.clear_faults()
    assert caller.get("dataRange").status_code == 200


def test_what_was_spoilt_was_not_served(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.fault({"endpoint": "egvs"}, "truncated")
    caller.window("egvs", ANCHOR_AT - MONTH, ANCHOR_AT)
    assert not any(entry["served"] for entry in dexcom_sandbox.ledger("SandboxUser7"))
    caller.records("egvs")
    assert any(entry["served"] for entry in dexcom_sandbox.ledger("SandboxUser7"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": {"kind": "explode"}},
        {"action": {"kind": "eof"}, "times": 0},
        {"action": {"kind": "eof"}, "probability": 0},
        {"action": {"kind": "eof"}, "match": {"weather": "bad"}},
        {"action": {"kind": "eof"}, "match": {"endpoint": "glucose"}},
        {"action": {"kind": "status", "shape": "round"}},
        {"action": {"kind": "eof"}, "when": "later"},
    ],
)
def test_faults_that_make_no_sense_are_refused(dexcom_sandbox: DexcomSandbox, wrong: dict[str, Any]) -> None:
    assert dexcom_sandbox.http.post("/_sim/faults", json=[wrong]).status_code == 422
