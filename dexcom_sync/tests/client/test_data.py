"""The six endpoints against the sandbox, under both values of what Dexcom leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from dexcom_sync.client import (
    BadRequest,
    DexcomClient,
    DexcomError,
    Forbidden,
    NotFound,
    RateLimited,
    ServerTrouble,
    TimedOut,
    Unauthorized,
    Unreadable,
)
from dexcom_sync.records import (
    PARSERS,
    Context,
    DataRange,
    Device,
    Parsed,
    Quarantined,
    Range,
    Reason,
    Resource,
    Window,
    parse_data_range,
    pieces,
)
from dexcom_sync.records.windows import SECOND
from dexcom_sync.tests.client.calling import client_of
from tests.dexcom import DexcomSandbox

WINDOWED = (Resource.EGVS, Resource.EVENTS, Resource.CALIBRATIONS, Resource.ALERTS)
CONFLICTS = [
    {},
    {"bounds": "closed", "order": "asc"},
    {"event_value": "number", "record_type": "plural"},
    {"system_time_zone": "naive", "order": "shuffled"},
    {"system_time_zone": "Z", "gzip": "on"},
]


@pytest.fixture
def client(dexcom_sandbox: DexcomSandbox) -> Iterator[DexcomClient]:
    with client_of(dexcom_sandbox.url) as client:
        yield client


@pytest.fixture
def token(dexcom_sandbox: DexcomSandbox) -> str:
    return str(dexcom_sandbox.connect("SandboxUser7")["access_token"])


def context() -> Context:
    return Context(now=datetime.now(UTC), zone=ZoneInfo("America/Los_Angeles"))


def range_of(client: DexcomClient, token: str) -> Range:
    found = parse_data_range(client.data_range(token).envelope.answer, context())
    assert isinstance(found, DataRange)
    assert isinstance(found.egvs, Range)
    return found.egvs


def last_day(client: DexcomClient, token: str) -> Window:
    end = range_of(client, token).end.system_time
    return Window(end - timedelta(days=1), end + SECOND)


def everything(client: DexcomClient, token: str, resource: Resource) -> tuple[dict[str, Parsed], list[Quarantined]]:
    told = range_of(client, token)
    window = Window(told.start.system_time - timedelta(days=2), told.end.system_time + SECOND)
    records: dict[str, Parsed] = {}
    refused: list[Quarantined] = []
    for piece in pieces(window):
        for raw in client.records(resource, token, piece).envelope.records:
            found = PARSERS[resource](raw, context())
            if isinstance(found, Quarantined):
                refused.append(found)
            else:
                assert not isinstance(found, Device)
                records[found.record_id] = found
    return records, refused


@pytest.mark.parametrize("switches", CONFLICTS, ids=str)
@pytest.mark.parametrize("user", ["SandboxUser7", "SandboxUser6", "SandboxUser8", "SandboxUser4"])
def test_all_that_was_ever_visible_is_read(
    dexcom_sandbox: DexcomSandbox, client: DexcomClient, user: str, switches: dict[str, Any]
) -> None:
    dexcom_sandbox.config(**switches)
    token = dexcom_sandbox.connect(user)["access_token"]
    end = range_of(client, token).end.system_time
    for resource in WINDOWED:
        records, refused = everything(client, token, resource)
        ledger = dexcom_sandbox.ledger(user, resource, until=end + timedelta(seconds=1))
        known = {one["record"]["recordId"]: one for one in ledger if one["current"]}

        assert refused == []
        assert records.keys() >= known.keys()
        for record_id, one in known.items():
            record = records[record_id]
            assert not isinstance(record, Device)
            assert record.times.system_time == datetime.fromisoformat(one["instant"])
            assert record.provenance.unknown_words == ()
    devices = [PARSERS[Resource.DEVICES](raw, context()) for raw in client.devices(token).envelope.records]
    assert devices
    assert all(isinstance(device, Device) for device in devices)


def test_thirty_days_are_taken_and_nothing_longer_is_asked(client: DexcomClient, token: str) -> None:
    end = range_of(client, token).end.system_time
    client.egvs(token, Window(end - timedelta(days=30), end))
    with pytest.raises(BadRequest) as caught:
        client.egvs(token, Window(end - timedelta(days=31), end))

    assert caught.value.status == 400


def test_the_page_holds_the_json_as_it_came(dexcom_sandbox: DexcomSandbox, client: DexcomClient, token: str) -> None:
    window = last_day(client, token)
    plain = client.egvs(token, window)
    dexcom_sandbox.config(gzip="on")
    packed = client.egvs(token, window)

    assert plain.body == packed.body
    assert plain.body.startswith(b"{")
    assert plain.window == window
    assert plain.envelope.user_id == dexcom_sandbox.user("SandboxUser7")["userId"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadRequest),
        (422, BadRequest),
        (404, NotFound),
        (401, Unauthorized),
        (403, Forbidden),
        (429, RateLimited),
        (500, ServerTrouble),
        (502, ServerTrouble),
        (503, ServerTrouble),
        (504, ServerTrouble),
    ],
)
@pytest.mark.parametrize("shape", ["oauth", "errors", "message", "empty", "html"])
def test_the_status_decides_and_never_the_body(
    dexcom_sandbox: DexcomSandbox, client: DexcomClient, token: str, status: int, error: type[DexcomError], shape: str
) -> None:
    dexcom_sandbox.fault({"endpoint": "devices"}, "status", status=status, shape=shape)
    with pytest.raises(DexcomError) as caught:
        client.devices(token)

    assert type(caught.value) is error
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("17", 17), ("999999", 3600), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("soon", None), ("-5", None)],
)
def test_retry_after_is_read(
    dexcom_sandbox: DexcomSandbox, client: DexcomClient, token: str, header: str, seconds: float | None
) -> None:
    dexcom_sandbox.fault({"endpoint": "devices"}, "status", status=429, retry_after=header)
    with pytest.raises(RateLimited) as caught:
        client.devices(token)

    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("redirect", ServerTrouble, ""),
        ("drop", ServerTrouble, "RemoteProtocolError"),
        ("eof", ServerTrouble, "RemoteProtocolError"),
        ("html", Unreadable, "not_json"),
        ("truncated", Unreadable, "not_json"),
        ("encoding", Unreadable, "content_encoding"),
        ("no_records", Unreadable, "no_records"),
    ],
)
def test_broken_answers_are_told_apart(
    dexcom_sandbox: DexcomSandbox,
    client: DexcomClient,
    token: str,
    kind: str,
    error: type[DexcomError],
    code: str,
) -> None:
    window = last_day(client, token)
    dexcom_sandbox.fault({"endpoint": "egvs"}, kind)
    with pytest.raises(DexcomError) as caught:
        client.egvs(token, window)

    assert type(caught.value) is error
    assert caught.value.code == code
    assert client.egvs(token, window).envelope.records


def test_a_redirect_is_not_followed(dexcom_sandbox: DexcomSandbox, client: DexcomClient, token: str) -> None:
    dexcom_sandbox.fault({"endpoint": "devices"}, "redirect", to="/v3/users/self/dataRange")
    with pytest.raises(ServerTrouble) as caught:
        client.devices(token)

    assert caught.value.status == 302
    assert dexcom_sandbox.log(endpoint="dataRange") == []


def test_a_slow_answer_times_out(
    dexcom_sandbox: DexcomSandbox, client: DexcomClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dexcom_sync.client.api.DATA_TIMEOUT", httpx.Timeout(0.2))
    dexcom_sandbox.fault({"endpoint": "devices"}, "delay", seconds=3)
    with pytest.raises(TimedOut):
        client.devices(token)


def test_somebody_elses_answer_names_somebody_else(
    dexcom_sandbox: DexcomSandbox, client: DexcomClient, token: str
) -> None:
    dexcom_sandbox.fault({"endpoint": "devices"}, "other_user")

    assert client.devices(token).envelope.user_id != dexcom_sandbox.user("SandboxUser7")["userId"]


def test_an_empty_window_is_an_answer(dexcom_sandbox: DexcomSandbox, client: DexcomClient, token: str) -> None:
    """Q19."""
    start = datetime(2015, 1, 1, tzinfo=UTC)

    assert client.egvs(token, Window(start, start + timedelta(days=1))).envelope.records == []


def test_a_time_without_a_zone_and_a_token_that_is_none_are_never_sent(client: DexcomClient) -> None:
    start = datetime(2015, 1, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="zone"):
        client.egvs("token", Window(start, start))
    with pytest.raises(ValueError, match="no access token") as caught:
        client.devices("secret\r\nX-Injected: 1")
    assert "secret" not in str(caught.value)


EXPECTED_IN_QUARANTINE = {Reason.UNIT_UNKNOWN, Reason.UNIT_CONTRADICTS_VALUE, Reason.VALUE_OUT_OF_BOUNDS}
EDGES = ["edge-one", "edge-times", "edge-dst", "edge-dual", "edge-dup", "edge-nulls", "edge-enums", "edge-values"]


@pytest.mark.parametrize("user", [*EDGES, "edge-clock", "edge-late", "edge-events", "edge-settings"])
@pytest.mark.parametrize("zone", ["mixed", "naive"])
def test_nothing_of_the_odd_users_is_dropped(
    dexcom_sandbox: DexcomSandbox, client: DexcomClient, user: str, zone: str
) -> None:
    if user not in dexcom_sandbox.users():
        pytest.skip("The sandbox does not have this user.")
    dexcom_sandbox.config(system_time_zone=zone)
    token = dexcom_sandbox.connect(user)["access_token"]
    for resource in WINDOWED:
        _, refused = everything(client, token, resource)

        assert {one.reason for one in refused} <= EXPECTED_IN_QUARANTINE
    for raw in client.devices(token).envelope.records:
        assert isinstance(PARSERS[Resource.DEVICES](raw, context()), Device)
