from __future__ import annotations

from typing import Any

import pytest

from dexcom_sync.records import Leniency, parse_device
from dexcom_sync.tests.records.raw import CONTEXT, device, read, schedule, setting


def parse(*schedules: Any, **changes: Any) -> Any:
    return read(parse_device(device(*schedules, **changes), CONTEXT))


def only_setting(**changes: Any) -> Any:
    ((one,),) = (item.settings for item in parse(schedule(setting(**changes))).schedules)
    return one


def test_a_usual_device() -> None:
    found = parse(schedule(setting()))
    (one,) = found.schedules

    assert found.last_upload_at.isoformat() == "2025-03-09T14:20:31+00:00"
    assert (one.name, one.is_default, one.start, one.end, len(one.days)) == ("", True, 0, 0, 7)
    assert (one.settings[0].alert_name, one.settings[0].value, one.settings[0].snooze) == ("high", 250, 30)
    assert found.provenance.codes == []
    assert found.raw_schedules == [schedule(setting())]


@pytest.mark.parametrize("changes", [{"lastUploadDate": None}, {"alertSchedules": None}, {"alertSchedules": []}])
def test_a_receiver_tells_less(changes: Any) -> None:
    """Q25."""
    assert parse(**changes).provenance.codes == []


def test_settings_from_the_field_are_normalised_and_that_is_told() -> None:
    """Q24."""
    found = parse(schedule(setting("fall", value=-3, unit="mg/dL/min", snooze=28)))
    ((one,),) = (item.settings for item in found.schedules)

    assert (one.value, one.snooze) == (3, 30)
    assert found.provenance.leniencies == (Leniency.SETTING_NORMALISED, Leniency.SETTING_NORMALISED)


def test_of_two_settings_with_one_name_the_newest_counts_in_any_order() -> None:
    old = setting(value=240, systemTime="2025-01-01T00:00:00Z")
    new = setting(value=260, systemTime="2025-02-01T00:00:00Z")
    one, other = parse(schedule(old, new)), parse(schedule(new, old))

    assert [item.value for item in one.schedules[0].settings] == [260]
    assert one.schedules == other.schedules
    assert one.provenance.leniencies == (Leniency.SETTING_TWICE,)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("0:00", 0), ("00:00", 0), ("11:30 PM", 1410), ("12:05 am", 5), ("31:00", 1860), ("47:59", 2879), ("", None)],
)
def test_clock_times_of_all_kinds(text: str, minutes: int | None) -> None:
    assert parse(schedule(endTime=text)).schedules[0].end == minutes


@pytest.mark.parametrize("text", ["48:00", "13:00 PM", "10:60", "late"])
def test_a_clock_time_that_is_none_is_told(text: str) -> None:
    found = parse(schedule(endTime=text))

    assert found.schedules[0].end is None
    assert found.provenance.leniencies == (Leniency.SETTING_UNREADABLE,)


def test_days_are_in_order_and_without_holes() -> None:
    found = parse(schedule(daysOfWeek=["sunday", "", "Monday", "someday", None]))

    assert found.schedules[0].days == ("monday", "sunday", "someday")
    assert found.provenance.unknown_words == ("daysOfWeek",)


def test_a_capital_letter_hides_nothing() -> None:
    one = setting()
    del one["secondaryTriggerCondition"]
    found = parse(schedule({**one, "SecondaryTriggerCondition": 130}))

    assert found.schedules[0].settings[0].secondary_trigger == 130


@pytest.mark.parametrize("broken", [7, {}, {"alertScheduleSettings": "none"}])
def test_a_schedule_that_is_none_is_told_and_the_others_stay(broken: object) -> None:
    found = parse(broken, schedule(setting()))

    assert len(found.schedules) == 1
    assert found.provenance.leniencies == (Leniency.SCHEDULES_UNREADABLE,)


def test_the_digest_follows_what_is_set_and_nothing_else() -> None:
    high, low = setting("high"), setting("low", value=70)
    same = [
        parse(schedule(high, low)),
        parse(schedule(low, high)),
        parse(schedule(high, low), lastUploadDate="2025-03-10T00:00:00Z"),
        parse(schedule(high, {**low, "systemTime": "2025-03-01T00:00:00Z", "displayTime": None})),
        parse(schedule(high, low, isActive=False)),
        parse(schedule(high, low, startTime="0:00")),
    ]
    other = [
        parse(schedule(high, setting("low", value=75))),
        parse(schedule(high)),
        parse(schedule(high, low, isEnabled=False)),
        parse(schedule(high, low), schedule(high, low, alertScheduleName="night")),
    ]

    assert len({found.settings_digest for found in same}) == 1
    assert len({found.settings_digest for found in (same[0], *other)}) == 1 + len(other)


def test_an_unreadable_upload_date_is_told() -> None:
    found = parse(lastUploadDate="today")

    assert found.last_upload_at is None
    assert found.provenance.leniencies == (Leniency.TEXT_UNREADABLE,)


def test_a_setting_may_have_no_value() -> None:
    assert only_setting(value=None, snooze=None, delay=None, unit="minutes").value is None
