"""SandboxUser4, 6, 7, 8, Dexcom ONE and the empty account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from dexcom_sync.sandbox.series import trend_of
from dexcom_sync.tests.sandbox.asking import ANCHOR_AT, DATA, Caller
from tests.dexcom import DexcomSandbox

PHONES = ("SandboxUser6", "SandboxUser7", "SandboxUser8", "edge-one")


def instants(records: list[dict[str, Any]]) -> list[datetime]:
    return sorted(datetime.fromisoformat(each["systemTime"].removesuffix("Z")).replace(tzinfo=UTC) for each in records)


def gaps(records: list[dict[str, Any]], *, longer_than: timedelta) -> list[timedelta]:
    times = instants(records)
    return [later - earlier for earlier, later in pairwise(times) if later - earlier > longer_than]


def moments(sandbox: DexcomSandbox, user: str) -> dict[str, datetime]:
    return {name: datetime.fromisoformat(text) for name, text in sandbox.user(user)["moments"].items()}


@pytest.mark.parametrize("user", PHONES)
def test_phones_write_offsets_and_read_every_five_minutes(dexcom_sandbox: DexcomSandbox, user: str) -> None:
    records = Caller(dexcom_sandbox, user).records("egvs")
    times = instants(records)
    steps = {(later - earlier).total_seconds() for earlier, later in pairwise(times)}

    assert all(datetime.fromisoformat(record["displayTime"]).tzinfo for record in records)
    assert {step for step in steps if step < 600} == set(range(296, 305))


@pytest.mark.parametrize(
    ("user", "warm_up"),
    [("SandboxUser7", 30), ("SandboxUser8", 30), ("SandboxUser6", 120), ("SandboxUser4", 120), ("edge-one", 120)],
)
def test_sensors_warm_up_every_ten_days(dexcom_sandbox: DexcomSandbox, user: str, warm_up: int) -> None:
    found = gaps(Caller(dexcom_sandbox, user).records("egvs"), longer_than=timedelta(minutes=10))
    silences = [gap for gap in found if timedelta(minutes=90) < gap < timedelta(minutes=100)]
    warm_ups = [gap for gap in found if abs(gap - timedelta(minutes=warm_up + 5)) < timedelta(seconds=10)]

    assert 2 <= len(warm_ups) <= 3
    assert 2 <= len(silences) <= 4
    assert len(found) == len(silences) + len(warm_ups)


def test_trends_follow_from_rates(dexcom_sandbox: DexcomSandbox) -> None:
    records = Caller(dexcom_sandbox, "SandboxUser7").records("egvs")
    words = {record["trend"] for record in records}

    assert words >= {"flat", "fortyFiveUp", "fortyFiveDown", "singleUp", "notComputable"}
    for record in records:
        rate = record["trendRate"]
        assert (record["trend"] == "notComputable") == (rate is None)
        assert rate is None or record["trend"] == trend_of(round(rate * 10))


@pytest.mark.parametrize(
    ("rate", "trend"),
    [
        (80, "doubleUp"), (30, "doubleUp"), (29, "singleUp"), (20, "singleUp"), (19, "fortyFiveUp"),
        (10, "fortyFiveUp"), (9, "flat"), (-9, "flat"), (-10, "fortyFiveDown"), (-19, "fortyFiveDown"),
        (-20, "singleDown"), (-29, "singleDown"), (-30, "doubleDown"), (-80, "doubleDown"), (81, "rateOutOfRange"),
    ],
)  # fmt: skip
def test_trends_are_those_of_the_table(rate: int, trend: str) -> None:
    assert trend_of(rate) == trend


def test_user_7_goes_below_and_above_what_a_sensor_shows(dexcom_sandbox: DexcomSandbox) -> None:
    records = Caller(dexcom_sandbox, "SandboxUser7").records("egvs")
    states = {(record["value"], record["status"]) for record in records if not 40 <= record["value"] <= 400}

    assert states == {(39, "low"), (401, "high")}
    assert {record["status"] for record in records if 40 <= record["value"] <= 400} == {None}
    assert {record["transmitterGeneration"] for record in records} == {"g7"}


def test_the_pattern_of_user_7_repeats_every_ten_days(dexcom_sandbox: DexcomSandbox) -> None:
    records = Caller(dexcom_sandbox, "SandboxUser7").records("egvs")
    by_time = dict(zip(instants(records), records[::-1], strict=True))
    pairs = [
        (record, by_time[instant + timedelta(days=10)])
        for instant, record in by_time.items()
        if instant + timedelta(days=10) in by_time
    ]

    assert len(pairs) > 5_000
    assert all(one["value"] == other["value"] for one, other in pairs)
    assert all(one["transmitterId"] != other["transmitterId"] for one, other in pairs)


def test_user_7_backfills_a_gap(dexcom_sandbox: DexcomSandbox) -> None:
    when = moments(dexcom_sandbox, "SandboxUser7")
    first, arrival = when["backfill_begins"] - timedelta(minutes=1), when["backfill_arrives"]
    dexcom_sandbox.config(delay_us_h=0)
    dexcom_sandbox.clock(now=arrival - timedelta(minutes=2), rate=0)
    caller = Caller(dexcom_sandbox, "SandboxUser7")
    before = caller.records("egvs", first, arrival - timedelta(minutes=2))
    dexcom_sandbox.clock(now=arrival + timedelta(minutes=1))
    after = caller.records("egvs", first, arrival - timedelta(minutes=2))

    assert len(before) == 0
    assert len(after) == 48


def test_user_7_loses_the_signal_for_good(dexcom_sandbox: DexcomSandbox) -> None:
    when = moments(dexcom_sandbox, "SandboxUser7")
    silence = (when["silence_begins"] + timedelta(seconds=3), when["silence_ends"] - timedelta(seconds=3))
    assert Caller(dexcom_sandbox, "SandboxUser7").records("egvs", *silence) == []


@pytest.mark.parametrize("user", ["SandboxUser4", "SandboxUser6", "SandboxUser7", "SandboxUser8"])
def test_people_enter_carbs_and_insulin(dexcom_sandbox: DexcomSandbox, user: str) -> None:
    events = Caller(dexcom_sandbox, user).records("events")
    kinds = {(each["eventType"], each["eventSubType"]) for each in events}

    assert kinds >= {("carbs", None), ("insulin", "fastActing"), ("insulin", "longActing"), ("notes", None)}
    assert {each["eventStatus"] for each in events} == {"created", "updated", "deleted"}
    assert len({each["recordId"] for each in events}) == len(events) > 200


def test_user_6_calibrates_and_hears_every_alert(dexcom_sandbox: DexcomSandbox) -> None:
    caller = Caller(dexcom_sandbox, "SandboxUser6")
    alerts, calibrations = caller.records("alerts"), caller.records("calibrations")

    assert {each["alertName"] for each in alerts} == {
        "unknown", "high", "low", "rise", "fall", "outOfRange", "urgentLow", "urgentLowSoon", "noReadings", "fixedLow",
    }  # fmt: skip
    assert {each["alertState"] for each in alerts} == {"activeAlarming", "activeSnoozed", "inactive"}
    assert 55 <= len(calibrations) <= 60
    assert {each["displayDevice"] for each in caller.records("egvs")} == {"iOS", "android"}


def test_user_8_has_one_plus_without_its_missing_alerts(dexcom_sandbox: DexcomSandbox) -> None:
    caller = Caller(dexcom_sandbox, "SandboxUser8")

    assert {each["transmitterGenerationVariant"] for each in caller.records("egvs")} == {"d1+"}
    assert {each["alertName"] for each in caller.records("alerts")} == {"high", "low", "outOfRange", "noReadings"}


def test_user_4_uploads_a_receiver_once_in_each_session(dexcom_sandbox: DexcomSandbox) -> None:
    uploads = {entry["visibleAt"] for entry in dexcom_sandbox.ledger("SandboxUser4")}
    caller = Caller(dexcom_sandbox, "SandboxUser4")
    records = caller.records("egvs")

    assert 4 <= len(uploads) <= 6
    assert not any(each["systemTime"].endswith("Z") for each in records)
    assert all(datetime.fromisoformat(each["displayTime"]).tzinfo is None for each in records)
    assert {each["displayDevice"] for each in records} == {"touchscreenReceiver"}
    assert [each["alertSchedules"] for each in caller.devices()] == [[]]


def test_the_upload_of_a_receiver_is_seen_at_once(dexcom_sandbox: DexcomSandbox) -> None:
    upload = datetime.fromisoformat(max(entry["visibleAt"] for entry in dexcom_sandbox.ledger("SandboxUser4")))
    dexcom_sandbox.clock(now=upload - timedelta(seconds=1), rate=0)
    caller = Caller(dexcom_sandbox, "SandboxUser4")
    before = caller.data_range()["egvs"]["end"]["systemTime"]
    assert datetime.fromisoformat(caller.devices()[0]["lastUploadDate"]) < upload
    dexcom_sandbox.clock(advance_s=1)

    assert caller.data_range()["egvs"]["end"]["systemTime"] > before
    assert datetime.fromisoformat(caller.devices()[0]["lastUploadDate"]) == upload


def test_dexcom_one_has_no_events_and_no_calibrations(dexcom_sandbox: DexcomSandbox) -> None:
    caller = Caller(dexcom_sandbox, "edge-one")
    told = caller.data_range()

    assert (told["events"], told["calibrations"]) == (None, None)
    assert caller.records("events") == caller.records("calibrations") == []
    assert len(caller.records("egvs")) > 8_000


def test_an_empty_account_has_null_ranges(dexcom_sandbox: DexcomSandbox) -> None:
    caller = Caller(dexcom_sandbox, "edge-empty")
    told = caller.data_range()

    assert (told["egvs"], told["events"], told["calibrations"]) == (None, None, None)
    assert all(caller.records(endpoint) == [] for endpoint in DATA)
    assert caller.devices() == []


@pytest.mark.parametrize("user", ["SandboxUser6", "SandboxUser7"])
def test_a_ticking_transmitter_names_each_reading(dexcom_sandbox: DexcomSandbox, user: str) -> None:
    records = Caller(dexcom_sandbox, user).records("egvs")
    names = {(each["transmitterId"], each["transmitterTicks"]) for each in records}

    assert len(names) == len(records)
    assert all(each["transmitterTicks"] > 0 and len(each["transmitterId"]) == 64 for each in records)


@pytest.mark.parametrize("user", ["SandboxUser4", "SandboxUser6", "SandboxUser7"])
def test_devices_are_those_of_the_readings(dexcom_sandbox: DexcomSandbox, user: str) -> None:
    caller = Caller(dexcom_sandbox, user)
    month_before = ANCHOR_AT - timedelta(days=30)
    records = caller.records("egvs") + caller.records("egvs", month_before - timedelta(days=30), month_before)

    def pairs(those: list[dict[str, Any]]) -> set[tuple[str, str]]:
        return {(each["transmitterId"], each["displayDevice"]) for each in those}

    assert pairs(caller.devices()) == pairs(records)
