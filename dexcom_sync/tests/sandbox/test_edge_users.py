"""The accounts that are made of hard cases."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dexcom_sync.tests.sandbox.asking import ANCHOR_AT, MONTH, Caller
from dexcom_sync.tests.sandbox.test_everyday_users import instants, moments
from tests.dexcom import DexcomSandbox

DAY, HOUR, MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=2)


def values_of(records: list[dict[str, Any]], name: str) -> set[Any]:
    return {record.get(name, ...) for record in records}


def test_times_come_in_every_shape(dexcom_sandbox: DexcomSandbox) -> None:
    entries = dexcom_sandbox.ledger("edge-times")
    shapes = [
        "2026-05-30T08:05:11", "2026-05-30T09:05:11Z", "2026-05-30T10:05:11+00", "2026-05-30T11:05:11+0000",
        "2026-05-30T12:05:11+00:00", "2026-05-30T13:05:11+00:00:00", "2026-05-30T08:05:11-07:00", "2026-05-30T16:05Z",
        "2026-05-30T17:05", "2026-05-30T18", "2026-05-30T19:05:11.1Z", "2026-05-31T03:05:11.123456789Z",
        "2026-05-31 15:05:11Z", "2026-5-3 9:5:1",
    ]  # fmt: skip

    assert set(shapes) <= {entry["record"]["systemTime"] for entry in entries}
    displays = {entry["record"]["displayTime"][-6:] for entry in entries}
    assert displays >= {":59:58", "+05:45", "+12:45", "-03:30", "+14:00", "-12:00"}
    for entry in entries:
        text = entry["record"]["systemTime"]
        if len(text) > 18 and text[-1] in "Z0" and "." not in text:
            meant = datetime.fromisoformat(text)
            assert datetime.fromisoformat(entry["instant"]) == meant.replace(tzinfo=meant.tzinfo or UTC)
    assert len(Caller(dexcom_sandbox, "edge-times").records("egvs")) == len(entries)


def test_a_clock_goes_ahead_then_back_then_right(dexcom_sandbox: DexcomSandbox) -> None:
    when = moments(dexcom_sandbox, "edge-clock")
    by_error: Counter[timedelta] = Counter()
    for entry in dexcom_sandbox.ledger("edge-clock"):
        uploaded = datetime.fromisoformat(entry["visibleAt"]) - HOUR
        error = datetime.fromisoformat(entry["instant"]) - uploaded
        by_error[timedelta(hours=round(error / HOUR))] += 1

    assert by_error == {timedelta(0): 576, timedelta(hours=20): 288, timedelta(days=-40): 288}
    assert when["ahead_from"] < when["behind_from"] < when["right_from"]


def test_a_clock_ahead_shows_records_of_tomorrow(dexcom_sandbox: DexcomSandbox) -> None:
    when = moments(dexcom_sandbox, "edge-clock")
    dexcom_sandbox.clock(now=when["ahead_from"] + 6 * HOUR, rate=0)
    end = Caller(dexcom_sandbox, "edge-clock").data_range()["egvs"]["end"]["systemTime"]

    ahead = instants([{"systemTime": end}])[0] - dexcom_sandbox.clock()
    assert timedelta(hours=18) < ahead < timedelta(hours=20)


def test_nights_of_changing_clocks_repeat_and_skip_an_hour(dexcom_sandbox: DexcomSandbox) -> None:
    when = moments(dexcom_sandbox, "edge-dst")
    caller = Caller(dexcom_sandbox, "edge-dst")

    def walls(moment: datetime) -> list[str]:
        # Two minutes aside, where no reading's seconds decide.
        records = caller.records("egvs", moment - 3 * HOUR - MINUTES, moment + 3 * HOUR - MINUTES)
        return [record["displayTime"] for record in records[::-1]]

    fall, spring = walls(when["fall_back"]), walls(when["spring_forward"])
    assert len(fall) == len(spring) == 72
    assert 23 <= len([text for text in fall if text[11:13] == "01"]) <= 25
    assert not [text for text in spring if text[11:13] == "02"]
    assert {text[-6:] for text in fall} == {text[-6:] for text in spring} == {"-04:00", "-05:00"}


def test_a_flight_and_a_zone_of_quarters(dexcom_sandbox: DexcomSandbox) -> None:
    when = moments(dexcom_sandbox, "edge-dst")
    caller = Caller(dexcom_sandbox, "edge-dst")

    def offsets(moment: datetime) -> list[str]:
        records = caller.records("egvs", moment - 2 * HOUR, moment + 2 * HOUR)
        return list(dict.fromkeys(record["displayTime"][-6:] for record in records[::-1]))

    assert offsets(when["flight"]) == ["-07:00", "+02:00"]
    assert offsets(when["kathmandu"]) == ["+05:45"]


def test_phone_and_receiver_tell_the_same_readings(dexcom_sandbox: DexcomSandbox) -> None:
    records = Caller(dexcom_sandbox, "edge-dual").records("egvs")
    devices: dict[tuple[str, int], set[str]] = {}
    for record in records:
        key = (record["transmitterId"], record["transmitterTicks"])
        devices.setdefault(key, set()).add(record["displayDevice"])
    kinds = Counter(frozenset(those) for those in devices.values())

    assert len({record["recordId"] for record in records}) == len(records)
    assert kinds == {
        frozenset({"iOS"}): 72, frozenset({"receiver"}): 72, frozenset({"iOS", "receiver"}): 5 * 288 - 144,
    }  # fmt: skip


def test_the_receiver_of_two_comes_later_at_once(dexcom_sandbox: DexcomSandbox) -> None:
    when = moments(dexcom_sandbox, "edge-dual")
    dexcom_sandbox.clock(now=when["receiver_upload"] - timedelta(seconds=1), rate=0)
    caller = Caller(dexcom_sandbox, "edge-dual")
    assert values_of(caller.records("egvs"), "displayDevice") == {"iOS"}
    dexcom_sandbox.clock(advance_s=1)
    assert values_of(caller.records("egvs"), "displayDevice") == {"iOS", "receiver"}


def test_times_and_ids_come_twice(dexcom_sandbox: DexcomSandbox) -> None:
    records = Caller(dexcom_sandbox, "edge-dup").records("egvs")
    ids = Counter(record["recordId"] for record in records)
    times = Counter(record["systemTime"].removesuffix("Z") for record in records)

    assert Counter(ids.values())[2] == 5
    assert Counter(times.values())[2] == 15
    twice = [record for record in records if ids[record["recordId"]] == 2]
    assert len({(record["recordId"], record["value"]) for record in twice}) == 10


def test_a_day_comes_a_day_late(dexcom_sandbox: DexcomSandbox) -> None:
    when = moments(dexcom_sandbox, "edge-late")
    lost = (when["lost_from"], when["lost_until"])
    dexcom_sandbox.clock(now=when["lost_uploaded"] + HOUR - timedelta(seconds=1), rate=0)
    caller = Caller(dexcom_sandbox, "edge-late")
    before, end = caller.records("egvs", *lost), caller.data_range()["egvs"]["end"]
    dexcom_sandbox.clock(advance_s=1)

    assert before == []
    assert len(caller.records("egvs", *lost)) == 288
    assert caller.data_range()["egvs"]["end"] == end


def test_a_receiver_comes_three_weeks_late_and_moves_the_start(dexcom_sandbox: DexcomSandbox) -> None:
    when = moments(dexcom_sandbox, "edge-late")
    dexcom_sandbox.clock(now=when["receiver_uploaded"] - timedelta(seconds=1), rate=0)
    caller = Caller(dexcom_sandbox, "edge-late")
    before, devices = caller.data_range()["egvs"], caller.devices()
    dexcom_sandbox.clock(advance_s=1)
    after = caller.data_range()["egvs"]

    assert when["receiver_uploaded"] - when["receiver_until"] == timedelta(days=21)
    assert after["end"] == before["end"]
    assert instants([before["start"]])[0] - instants([after["start"]])[0] > timedelta(days=1, hours=23)
    assert len(caller.devices()) == len(devices) + 1


def test_an_event_is_created_updated_moved_and_deleted(dexcom_sandbox: DexcomSandbox) -> None:
    when = moments(dexcom_sandbox, "edge-events")
    start = when["created"] - DAY
    states = []
    record_id = None
    for step in ("created", "value_updated", "time_updated", "deleted"):
        dexcom_sandbox.clock(now=when[step] + HOUR + timedelta(minutes=2), rate=0)
        caller = Caller(dexcom_sandbox, "edge-events")
        events = caller.records("events", start, dexcom_sandbox.clock())
        record_id = record_id or next(each["recordId"] for each in events if instants([each]) == [when["created"]])
        (event,) = [each for each in events if each["recordId"] == record_id]
        states.append((event["eventStatus"], event["value"], instants([event])[0] - when["created"]))

    assert states == [
        ("created", "40", timedelta(0)),
        ("updated", "45", timedelta(0)),
        ("updated", "45", -3 * HOUR),
        ("deleted", "45", -3 * HOUR),
    ]


def test_events_move_far_come_late_and_lack_things(dexcom_sandbox: DexcomSandbox) -> None:
    when = moments(dexcom_sandbox, "edge-events")
    events = Caller(dexcom_sandbox, "edge-events").records("events")
    pairs = [(each["eventType"], each["eventSubType"], each["value"], each["unit"]) for each in events]

    for expected in (
        ("exercise", "light", "-1", "minutes"), ("exercise", "heavy", "-1.00", "minutes"),
        ("insulin", "fastActing", None, "units"), ("insulin", "longActing", "", "units"),
        ("insulin", None, "3", "units"), ("carbs", None, None, "grams"), ("health", "illness", "1", None),
        ("note", None, "A walk along the river", None),
        ("carbs", None, 45, "grams"), ("insulin", "fastActing", 4.5, "units"), ("carbs", None, "75", "grams"),
    ):  # fmt: skip
        assert expected in pairs
    moved = [each for each in events if each["value"] == "7.5"]
    assert [instants([each])[0] - when["created"] for each in moved] == [-2 * DAY]
    assert when["updated_late"] - when["created"] == 12 * DAY
    assert [each["eventStatus"] for each in events if each["value"] is None and each["eventType"] == "insulin"].count(
        "deleted"
    ) == 1
    back_dated = [
        each
        for each in events
        if each.get("recordedSystemTime")
        and instants([{"systemTime": each["recordedSystemTime"]}])[0] - instants([each])[0] > 20 * HOUR
    ]
    assert "25" in {each["value"] for each in back_dated}
    assert any("recordedSystemTime" not in each for each in events)


def test_nulls_stand_wherever_they_may(dexcom_sandbox: DexcomSandbox) -> None:
    caller = Caller(dexcom_sandbox, "edge-nulls")
    records = caller.records("egvs")

    for name in ("value", "trend", "trendRate", "displayApp", "transmitterId"):
        assert None in values_of(records, name)
    for name in ("recordId", "value", "trend", "transmitterGenerationVariant", "displayApp"):
        assert ... in values_of(records, name)
    assert "" in values_of(records, "transmitterId")
    assert 0 in values_of(records, "transmitterTicks")
    assert {(each.get("value", ...), each.get("status")) for each in records} >= {(None, "low"), (None, "high")}
    assert caller.records("events")[0]["transmitterId"] is None
    assert caller.records("calibrations")[0]["unit"] is None
    device = caller.devices()[0]
    assert (device["transmitterId"], device["displayApp"]) == ("", None)


def test_every_enumeration_has_new_words(dexcom_sandbox: DexcomSandbox) -> None:
    caller = Caller(dexcom_sandbox, "edge-enums")
    records = caller.records("egvs")

    assert values_of(records, "transmitterGeneration") >= {"g715day", "g6 pro", "g9"}
    assert values_of(records, "transmitterGenerationVariant") >= {"g715day", "g9mini"}
    assert values_of(records, "displayApp") >= {"G7Android", "Watch"}
    assert values_of(records, "displayDevice") >= {"shareReceiver", "contactLens"}
    assert values_of(records, "trend") >= {"tripleUp", "none", "rateOutOfRange"}
    assert values_of(records, "status") >= {"wobbly", "ok"}
    assert {"word": "fine"} in [record.get("moodOfTheSensor") for record in records]
    assert values_of(caller.records("events"), "eventStatus") == {"created", "restored"}
    assert values_of(caller.records("events"), "eventType") == {"mood", "insulin"}
    assert values_of(caller.records("alerts"), "alertName") == {"sensorTired", "high", "fixedLow"}
    assert "activeWhispering" in values_of(caller.records("alerts"), "alertState")
    assert values_of(caller.records("calibrations"), "unit") == {"mg/L"}
    (schedule,) = caller.devices()[0]["alertSchedules"]
    assert schedule["alertScheduleSettings"]["override"]["mode"] == "loud"
    assert schedule["alertSettings"][0]["soundOutputMode"] == "hum"


def test_values_go_beyond_the_range_and_contradict_their_state(dexcom_sandbox: DexcomSandbox) -> None:
    records = Caller(dexcom_sandbox, "edge-values").records("egvs")
    told = [(each["value"], each["status"], each["unit"]) for each in records]

    for expected in (
        (0, None, "mg/dL"), (38, None, "mg/dL"), (39, "low", "mg/dL"), (40, None, "mg/dL"), (400, None, "mg/dL"),
        (401, "high", "mg/dL"), (450, None, "mg/dL"), (120, "low", "mg/dL"), (38, "high", "mg/dL"),
        (120, None, "unknown"), (6, None, "mmol/L"), (5.6, None, "mmol/L"), (120, None, "mmol/L"),
    ):  # fmt: skip
        assert expected in told


def test_settings_are_odd(dexcom_sandbox: DexcomSandbox) -> None:
    devices = Caller(dexcom_sandbox, "edge-settings").devices()
    first, second = devices[0]["alertSchedules"]
    heads = [each["alertScheduleSettings"] for each in (first, second)]
    names = Counter(each["alertName"] for each in first["alertSettings"])

    assert names["high"] == 2
    assert {each["alertName"]: each["value"] for each in first["alertSettings"]}["fall"] == -3
    assert {each["alertName"]: each["snooze"] for each in first["alertSettings"]}["low"] == 28
    assert any("SecondaryTriggerCondition" in each for each in first["alertSettings"])
    assert (heads[0]["startTime"], heads[1]["startTime"], heads[1]["endTime"]) == ("0:00", "11:30 PM", "31:00")
    assert heads[0]["override"]["isOverrideEnabled"] is True
    assert "" in heads[1]["daysOfWeek"]
    assert all("isDefaultSchedule" not in head for head in heads)
    assert "lastUploadDate" not in devices[1]


@pytest.mark.slow
def test_two_years_of_two_devices(dexcom_sandbox: DexcomSandbox) -> None:
    caller = Caller(dexcom_sandbox, "edge-big")
    began = time.perf_counter()
    told = caller.data_range()["egvs"]
    assert time.perf_counter() - began < 5
    assert instants([told["end"]])[0] - instants([told["start"]])[0] > timedelta(days=729)

    count, end = 0, ANCHOR_AT
    while end > ANCHOR_AT - timedelta(days=731):
        answer = caller.window("egvs", end - MONTH, end)
        count += len(answer.content.split(b'"recordId"')) - 1
        end -= MONTH
    assert count == 2 * 730 * 288


def test_every_user_marks_its_identifiers(dexcom_sandbox: DexcomSandbox) -> None:
    for name in dexcom_sandbox.users():
        caller = Caller(dexcom_sandbox, name)
        assert caller.data_range()["userId"].startswith("d5a11dba")
        start = ANCHOR_AT - timedelta(days=5)
        ids = values_of(caller.records("egvs", start), "transmitterId") - {"", None}
        assert all(each.startswith("d5a11dba") and len(each) == 64 for each in ids)
