"""What is said with an alarm, and takes none away."""

from __future__ import annotations

import pytest

from alerts.engine.advance import advance
from alerts.engine.conditions import read_condition
from alerts.engine.doubts import Doubt, doubts, in_words
from alerts.engine.machine import Kind, RuleState
from alerts.engine.trace import DeviceContact, Timeline
from alerts.presets import preset
from alerts.tests.traces import BERLIN, NOON, below, every_five, minute, moment, reading

LEVEL = [110, 111, 110, 109, 110, 111, 110]
FALLING = [112, 107, 102, 97, 92, 87, 82, 77, 69]
# 00:00 in Berlin.
NIGHT = 11 * 60
BELOW_70 = {"type": "below", "mgdl": 70}


def dip(*values, start=NIGHT):
    return every_five(*LEVEL, *values, start=start)


def found(condition, readings, **surroundings):
    return doubts(read_condition(condition), moment(readings, **surroundings))


def worn(minutes):
    return {1: DeviceContact(minute(NIGHT), True, worn_since=minute(NIGHT + 40 - minutes))}


def test_a_sudden_dip_at_night_lowers_the_words_of_a_low():
    assert found(BELOW_70, dip(80, 54)) == (Doubt.COMPRESSION,)
    assert found(BELOW_70, dip(80, 54, start=0)) == ()
    assert found({"type": "above", "mgdl": 50}, dip(80, 54)) == ()


def test_an_urgent_low_alarms_at_once_all_the_same():
    plan, readings = preset("standard").rule("urgent_low").plan, dip(80, 54)
    now = readings[-1].received_at
    _, transitions = advance(plan, RuleState(), readings, Timeline(readings, BERLIN), now)
    assert [(one.kind, one.at, one.doubts) for one in transitions] == [
        (Kind.OPENED, readings[-1].measured_at, ()),
        (Kind.CONFIRMED, readings[-1].measured_at, (Doubt.COMPRESSION,)),
    ]
    assert plan.severity == "critical"


def test_of_the_sensor_that_dips_and_not_of_two():
    other = [reading(NIGHT + 5 * place - 1, 150, device=2) for place in range(9)]
    mixed = sorted([*dip(80, 54), *other], key=lambda one: one.order)
    assert found(BELOW_70, mixed) == (Doubt.COMPRESSION,)


@pytest.mark.parametrize(("minutes", "expected"), [(24 * 60 - 1, (Doubt.NEW_SENSOR,)), (24 * 60, ())])
def test_a_sensor_is_new_for_a_day(minutes, expected):
    falling = every_five(*FALLING, start=NIGHT)
    for condition in (BELOW_70, {"type": "rate", "trend": "falling", "mgdlPerMinute": 3}):
        assert found(condition, falling, devices=worn(minutes)) == expected


def test_where_nothing_is_known_of_the_sensor_nothing_is_said():
    falling = every_five(*FALLING, start=NIGHT)
    assert found(BELOW_70, falling) == ()
    assert found(BELOW_70, falling, devices={1: DeviceContact(NOON, True)}) == ()
    assert found(BELOW_70, falling, devices={2: worn(60)[1]}) == ()


def test_only_alarms_about_glucose_are_doubted():
    assert found({"type": "noReadingFor", "minutes": 20}, dip(90), devices=worn(60)) == ()


def test_only_the_beginning_of_an_alarm_is_doubted():
    readings = every_five(*LEVEL, 80, 54, 90, 95, 95, 95, 95, start=NIGHT)
    _, transitions = advance(below(70), RuleState(), readings, Timeline(readings, BERLIN), readings[-1].received_at)
    assert [(one.kind.value, bool(one.doubts)) for one in transitions] == [
        ("opened", False),
        ("confirmed", True),
        ("eased", False),
        ("resolved", False),
    ]


@pytest.mark.parametrize(("minutes", "expected"), [(59, False), (60, True), (None, True)])
def test_jumps_of_a_sensors_first_hour_are_ignored(minutes, expected):
    jumping = every_five(*LEVEL, 110, 60, start=NIGHT)
    devices = {} if minutes is None else worn(minutes)
    condition = read_condition({"type": "jump", "mgdlPerMinute": 5})
    assert condition.evaluate(moment(jumping, devices=devices), {})[0] is expected


def test_in_words():
    assert [words.split(":")[0] for words in in_words(["new_sensor", "possible_compression", "gone"])] == [
        "Possible compression low",
        "The device has been on this patient for less than a day",
    ]
