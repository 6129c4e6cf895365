"""E1 to E12, E15, E16: windows, ranges, switches and limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from dexcom_sync.tests.sandbox.asking import ANCHOR_AT, DATA, MONTH, Caller, query_text
from tests.dexcom import DexcomSandbox

SECOND = timedelta(seconds=1)
EGV = {
    "recordId", "systemTime", "displayTime", "transmitterId", "transmitterTicks", "value", "status", "trend",
    "trendRate", "unit", "rateUnit", "displayDevice", "transmitterGeneration", "transmitterGenerationVariant",
    "displayApp",
}  # fmt: skip
SHARED = {
    "recordId", "systemTime", "displayTime", "transmitterId", "transmitterGeneration", "transmitterGenerationVariant",
    "displayDevice", "displayApp",
}  # fmt: skip
FIELDS = {
    "egvs": EGV,
    "events": SHARED
    | {"eventStatus", "eventType", "eventSubType", "value", "unit", "recordedSystemTime", "recordedDisplayTime"},
    "calibrations": SHARED | {"value", "unit", "transmitterTicks"},
    "alerts": SHARED | {"alertName", "alertState"},
}
WORDS = {"egvs": "egv", "events": "event", "calibrations": "calibration", "alerts": "alert"}


@pytest.fixture
def caller(dexcom_sandbox: DexcomSandbox) -> Caller:
    return Caller(dexcom_sandbox, "SandboxUser6")


def at(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["systemTime"].removesuffix("Z")).replace(tzinfo=UTC)


@pytest.mark.parametrize("endpoint", DATA)
def test_records_have_exactly_the_documented_fields(caller: Caller, endpoint: str) -> None:
    body = caller.window(endpoint, ANCHOR_AT - MONTH, ANCHOR_AT).json()

    assert (body["recordType"], body["recordVersion"]) == (WORDS[endpoint], "3.0")
    assert body["userId"] == caller.sandbox.user("SandboxUser6")["userId"]
    assert len(body["records"]) > 40
    assert all(set(record) == FIELDS[endpoint] for record in body["records"])


def test_devices_tell_their_schedules_and_take_no_dates(caller: Caller) -> None:
    body = caller.get("devices").json()
    device = body["records"][0]

    assert caller.get("devices", startDate="nonsense", endDate="2001-01-01").json() == body
    assert body["recordType"] == "device"
    assert set(device) == {
        "lastUploadDate", "transmitterId", "transmitterGeneration", "transmitterGenerationVariant", "displayDevice",
        "displayApp", "alertSchedules",
    }  # fmt: skip
    schedule = device["alertSchedules"][0]
    assert set(schedule["alertScheduleSettings"]) == {
        "alertScheduleName", "isEnabled", "isDefaultSchedule", "isActive", "startTime", "endTime", "daysOfWeek",
        "override",
    }  # fmt: skip
    assert set(schedule["alertSettings"][0]) == {
        "alertName", "value", "unit", "snooze", "enabled", "delay", "secondaryTriggerCondition", "soundTheme",
        "soundOutputMode", "systemTime", "displayTime",
    }  # fmt: skip


@pytest.mark.parametrize("endpoint", DATA)
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"startDate": "2026-05-01T00:00:00"},
        {"endDate": "2026-05-01T00:00:00"},
        {"startDate": "2026-05-01T00:00:00Z", "endDate": "2026-05-02T00:00:00"},
        {"startDate": "2026-05-01T00:00:00", "endDate": "2026-05-02T00:00:00+00:00"},
        {"startDate": "2026-05-01T00:00:00.000", "endDate": "2026-05-02T00:00:00"},
        {"startDate": "2026-05-01", "endDate": "2026-05-02"},
        {"startDate": "2026-05-01T00:00", "endDate": "2026-05-02T00:00"},
        {"startDate": "2026-05-01 00:00:00", "endDate": "2026-05-02T00:00:00"},
        {"startDate": "2026-02-30T00:00:00", "endDate": "2026-03-02T00:00:00"},
        {"startDate": "2026-05-02T00:00:00", "endDate": "2026-05-02T00:00:00"},
        {"startDate": "2026-05-03T00:00:00", "endDate": "2026-05-02T00:00:00"},
        {"startDate": "2026-05-01T00:00:00", "endDate": "2026-05-31T00:00:01"},
    ],
)
def test_bad_windows_are_refused(caller: Caller, endpoint: str, query: dict[str, str]) -> None:
    assert caller.get(endpoint, **query).status_code == 400


def test_exactly_thirty_days_are_taken(caller: Caller) -> None:
    assert caller.window("egvs", ANCHOR_AT - MONTH, ANCHOR_AT).status_code == 200


@pytest.mark.parametrize(("switch", "status"), [("reject", 400), ("accept", 200)])
def test_ends_in_the_future(dexcom_sandbox: DexcomSandbox, caller: Caller, switch: str, status: int) -> None:
    dexcom_sandbox.clock(now=ANCHOR_AT, rate=0)
    dexcom_sandbox.config(future_end=switch, access_ttl_s=10**9)
    caller = Caller(dexcom_sandbox, "SandboxUser6")

    assert caller.window("egvs", ANCHOR_AT - MONTH, ANCHOR_AT).status_code == 200
    assert caller.window("egvs", ANCHOR_AT - timedelta(days=1), ANCHOR_AT + SECOND).status_code == status


@pytest.mark.parametrize("endpoint", DATA)
@pytest.mark.parametrize(("switch", "last"), [("half_open", False), ("closed", True)])
def test_the_end_of_a_window(
    dexcom_sandbox: DexcomSandbox, caller: Caller, endpoint: str, switch: str, last: bool
) -> None:
    records = caller.records(endpoint)
    first_at, last_at = at(records[-1]), at(records[0])
    dexcom_sandbox.config(bounds=switch)
    found = {at(record) for record in caller.records(endpoint, first_at, last_at)}

    assert first_at in found
    assert (last_at in found) is last


def test_records_come_in_any_order(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    orders = {}
    for order in ("desc", "asc", "shuffled"):
        dexcom_sandbox.config(order=order)
        orders[order] = [record["recordId"] for record in caller.records("egvs")]

    assert orders["desc"] == orders["asc"][::-1]
    assert sorted(orders["shuffled"]) == sorted(orders["asc"])
    assert orders["shuffled"] not in (orders["asc"], orders["desc"])
    assert orders["shuffled"] == [record["recordId"] for record in caller.records("egvs")]


def test_names_of_records_can_be_plural(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.config(record_type="plural")
    for endpoint in DATA:
        assert caller.window(endpoint, ANCHOR_AT - MONTH, ANCHOR_AT).json()["recordType"] == endpoint


def test_values_of_events_are_texts_or_numbers(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    texts = {record["recordId"]: record["value"] for record in caller.records("events")}
    dexcom_sandbox.config(event_value="number")
    numbers = {record["recordId"]: record for record in caller.records("events")}

    assert {type(value) for value in texts.values()} == {str, type(None)}
    for record_id, record in numbers.items():
        if record["eventType"] == "notes" or record["value"] is None:
            assert record["value"] == texts[record_id]
        else:
            assert record["value"] == float(texts[record_id])
            assert not isinstance(record["value"], str)


def test_system_times_have_a_zone_or_none(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    def zones() -> set[bool]:
        return {record["systemTime"].endswith("Z") for record in caller.records("egvs")}

    assert zones() == {True, False}
    dexcom_sandbox.config(system_time_zone="Z")
    assert zones() == {True}
    dexcom_sandbox.config(system_time_zone="naive")
    assert zones() == {False}


@pytest.mark.parametrize(("region", "hours"), [("us", 1), ("eu", 3), ("jp", 3)])
def test_data_of_apps_are_seen_after_the_delay_of_their_region(
    dexcom_sandbox: DexcomSandbox, region: str, hours: int
) -> None:
    dexcom_sandbox.clock(now=ANCHOR_AT - timedelta(days=1), rate=0)
    dexcom_sandbox.users(name="SandboxUser7", region=region)
    caller = Caller(dexcom_sandbox, "SandboxUser7")
    now = dexcom_sandbox.clock()
    newest = at(caller.records("egvs", now - timedelta(days=2), now)[0])

    assert timedelta(hours=hours) <= now - newest <= timedelta(hours=hours, minutes=6)
    assert caller.data_range()["egvs"]["end"]["systemTime"].startswith(query_text(newest))


def test_a_delay_of_ones_own(dexcom_sandbox: DexcomSandbox) -> None:
    dexcom_sandbox.clock(now=ANCHOR_AT - timedelta(days=1), rate=0)
    dexcom_sandbox.users(name="SandboxUser7", delay_h=0)
    now = dexcom_sandbox.clock()
    newest = at(Caller(dexcom_sandbox, "SandboxUser7").records("egvs", now - timedelta(days=2), now)[0])

    assert now - newest < timedelta(minutes=6)


def test_a_range_is_what_is_visible(caller: Caller) -> None:
    body = caller.data_range()
    records = caller.records("calibrations", ANCHOR_AT - MONTH, ANCHOR_AT)

    assert (body["recordType"], body["recordVersion"]) == ("dataRange", "3.0")
    assert body["calibrations"]["end"] == {name: records[0][name] for name in ("systemTime", "displayTime")}
    assert Caller(caller.sandbox, "SandboxUser7").data_range()["calibrations"] is None


def test_a_range_of_one_record_begins_where_it_ends(dexcom_sandbox: DexcomSandbox) -> None:
    record = {"recordId": "one", "systemTime": "2026-05-01T10:00:00Z", "displayTime": "2026-05-01T06:00:00-04:00"}
    dexcom_sandbox.inject("edge-empty", "egvs", [record], uploadedAt=ANCHOR_AT)
    body = Caller(dexcom_sandbox, "edge-empty").data_range()

    assert body["egvs"]["start"] == body["egvs"]["end"]
    assert body["events"] is None


def test_last_sync_time_in_its_three_ways(dexcom_sandbox: DexcomSandbox) -> None:
    """The receiver's days are older than all else, and were uploaded last."""
    moments = dexcom_sandbox.user("edge-late")["moments"]
    late = datetime.fromisoformat(moments["receiver_uploaded"]) - timedelta(hours=2)
    oldest = moments["receiver_from"][:10]
    since = {"lastSyncTime": query_text(late) + "Z"}

    dexcom_sandbox.clock(now=ANCHOR_AT + timedelta(days=1), rate=0)
    caller = Caller(dexcom_sandbox, "edge-late")

    dexcom_sandbox.config(last_sync="correct")
    assert caller.data_range(**since)["egvs"]["start"]["systemTime"].startswith(oldest)
    for wrong in ("ignores_late", "buggy"):
        dexcom_sandbox.config(last_sync=wrong)
        assert caller.data_range(**since)["egvs"]["start"]["systemTime"] > query_text(late)
    # Longer ago than 100 days: nothing, though there are data.
    assert caller.data_range(lastSyncTime="2020-01-01T00:00:00")["egvs"] is None
    assert caller.get("dataRange", lastSyncTime="yesterday").status_code == 400


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer unknown"}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}]
)
def test_without_a_token_nothing_is_told(dexcom_sandbox: DexcomSandbox, header: dict[str, str]) -> None:
    for endpoint in (*DATA, "devices", "dataRange"):
        assert dexcom_sandbox.http.get(f"/v3/users/self/{endpoint}", headers=header).status_code == 401


def test_unknown_paths_are_not_found_and_logged(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    paths = ("/v3/users/self/glucose", "/v2/users/self/egvs", "/v3/users/other/egvs", "/")
    for path in paths:
        assert dexcom_sandbox.http.get(path, headers=caller.headers).status_code == 404
    assert [seen["path"] for seen in dexcom_sandbox.log(status=404)] == list(paths)


def test_shapes_of_errors_go_round(dexcom_sandbox: DexcomSandbox) -> None:
    bodies = [dexcom_sandbox.http.get("/v3/users/self/egvs").text for _ in range(10)]

    assert bodies[:5] == bodies[5:]
    assert len(set(bodies[:5])) == 5
    assert "" in bodies
    assert any(body.startswith("<") for body in bodies)


@pytest.mark.parametrize("header", ["on", "off"])
def test_calls_are_counted_in_a_rolling_hour(dexcom_sandbox: DexcomSandbox, caller: Caller, header: str) -> None:
    dexcom_sandbox.clock(rate=0)
    dexcom_sandbox.config(rate_per_hour=20, retry_after=header)
    for _ in range(10):
        assert caller.get("dataRange").status_code == 200
    dexcom_sandbox.clock(advance_s=600)
    caller.tokens = caller.refresh().json()
    other = Caller(dexcom_sandbox, "SandboxUser8")
    for _ in range(9):
        assert other.get("devices").status_code == 200
    refused = caller.get("dataRange")

    assert refused.status_code == 429
    assert refused.headers.get("retry-after") == ("3000" if header == "on" else None)
    assert caller.refresh().status_code == 429
    assert dexcom_sandbox.usage()["used"] == 20
    dexcom_sandbox.clock(advance_s=2999)
    assert caller.get("dataRange").status_code == 429
    dexcom_sandbox.clock(advance_s=1)
    assert caller.get("dataRange").status_code == 200


def test_token_calls_need_not_count(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.config(rate_counts_tokens="off")
    caller.refresh()
    assert dexcom_sandbox.usage()["used"] == 0


def test_the_date_of_answers_is_the_virtual_one(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    dexcom_sandbox.clock(now=datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC), rate=0)
    dates = [answer.headers.get_list("date") for answer in (caller.get("dataRange"), caller.refresh())]

    assert [[parsedate_to_datetime(date).year for date in each] for each in dates] == [[2031], [2031]]


def test_answers_can_be_compressed(dexcom_sandbox: DexcomSandbox, caller: Caller) -> None:
    plain = caller.window("egvs", ANCHOR_AT - MONTH, ANCHOR_AT)
    dexcom_sandbox.config(gzip="on")
    packed = caller.window("egvs", ANCHOR_AT - MONTH, ANCHOR_AT)

    assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
    assert packed.json() == plain.json()
    assert packed.num_bytes_downloaded < plain.num_bytes_downloaded / 3


def test_a_user_has_another_id_in_each_app(dexcom_sandbox: DexcomSandbox) -> None:
    dexcom_sandbox.register(client_id="other-app", client_secret="other")
    one, other = (
        dexcom_sandbox.user("SandboxUser7", client_id=name)["userId"] for name in ("sandbox-client", "other-app")
    )

    assert one != other
    assert one[:8] == other[:8]
    assert len(one) == 64
