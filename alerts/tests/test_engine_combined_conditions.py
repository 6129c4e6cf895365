from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.engine.conditions import needs_ticks, read_condition
from alerts.engine.trace import DeviceContact, Moment, OtherAlert, State
from alerts.tests.traces import BERLIN, NOON, every_five, minute, moment, reading

LOW = {"type": "below", "mgdl": 70}
# At noon of a reading of 100 mg/dL without quality.
TRUTHS = {
    True: {"type": "above", "mgdl": 90},
    False: {"type": "above", "mgdl": 110},
    None: {"type": "quality", "atMost": "poor"},
}


def evaluate(condition, looked_at, memory=None, margin=None):
    return read_condition(condition).evaluate(looked_at, memory or {}, margin)


@pytest.mark.parametrize(("one", "other"), list(itertools.product(TRUTHS, TRUTHS)))
def test_three_valued_logic(one, other):
    """Kleene's: unknown as if it were either, and known where both come to the same."""

    def each_way(combine):
        ways = {
            combine([a, b])
            for a in ([True, False] if one is None else [one])
            for b in ([True, False] if other is None else [other])
        }
        return ways.pop() if len(ways) == 1 else None

    of = [TRUTHS[one], TRUTHS[other]]
    looked_at = moment(every_five(100))
    assert evaluate({"type": "all", "of": of}, looked_at)[0] is each_way(all)
    assert evaluate({"type": "any", "of": of}, looked_at)[0] is each_way(any)
    assert evaluate({"type": "not", "of": TRUTHS[one]}, looked_at)[0] is (None if one is None else not one)


def sustained(minutes, of=LOW):
    return {"type": "sustained", "minutes": minutes, "of": of}


def run(condition, readings, margin=None):
    """The truth at each reading."""
    memory: dict[str, str] = {}
    truths = []
    for count in range(1, len(readings) + 1):
        truth, memory = evaluate(condition, moment(readings[:count]), memory, margin)
        truths.append(truth)
    return truths


def test_sustained_counts_from_the_first_reading():
    assert run(sustained(15), every_five(69, 69, 69, 69, 70, 69)) == [False, False, False, True, False, False]


def test_what_is_held_was_sustained_already():
    assert run(sustained(15), every_five(80, 74), margin=5) == [False, True]


def test_sustained_by_the_times_of_readings():
    """Looked at later without a new reading, nothing has lasted longer."""
    readings = every_five(69, 69)
    _, memory = evaluate(sustained(15), moment(readings[:1]))
    truth, memory = evaluate(sustained(15), moment(readings), memory)
    assert truth is False
    assert evaluate(sustained(15), moment(readings, at=19), memory)[0] is False


def test_silence_breaks_what_was_sustained():
    _, memory = evaluate(sustained(15), moment(every_five(69)))
    within, kept = evaluate(sustained(15), moment(every_five(69), at=20), memory)
    assert (within, kept) == (None, memory)
    assert evaluate(sustained(15), moment(every_five(69), at=20.1), memory) == (None, {})


def test_a_reading_each_quarter_of_an_hour_is_no_silence():
    late = [reading(at, 69) for at in (0, 15.2, 30.4)]
    assert run(sustained(30), late) == [False, False, True]


def test_sustained_silence_counts_by_the_clock():
    silent = sustained(10, {"type": "noReadingFor", "minutes": 20})
    memory: dict[str, str] = {}
    truths = []
    for at in (19, 20, 29, 30):
        truth, memory = evaluate(silent, moment(every_five(100), at=at), memory)
        truths.append(truth)
    assert truths == [False, False, False, True]


def test_each_place_remembers_for_itself():
    both = {"type": "any", "of": [sustained(10), {"type": "not", "of": sustained(5, {"type": "below", "mgdl": 60})}]}
    _, memory = evaluate(both, moment(every_five(55)))
    assert memory == {"0.0": NOON.isoformat(), "0.1.0": NOON.isoformat()}


def test_a_look_leaves_the_memory_it_was_given():
    given: dict[str, str] = {}
    evaluate(sustained(15), moment(every_five(69)), given)
    assert given == {}


def at_hours(condition, zone, *instants):
    node = read_condition(condition)
    return [node.evaluate(Moment(instant, (), zone), {})[0] for instant in instants]


NIGHT = {"type": "timeOfDay", "from": "22:00", "until": "07:00"}


def test_night_is_the_patients():
    """Not that of UTC: in Berlin 21:00 UTC is 22:00 in winter."""
    evening = datetime(2026, 1, 10, 20, 59, tzinfo=UTC)
    assert at_hours(NIGHT, BERLIN, evening, evening + timedelta(minutes=1)) == [False, True]
    assert at_hours(NIGHT, ZoneInfo("UTC"), evening, evening + timedelta(minutes=1)) == [False, False]
    assert at_hours(NIGHT | {"timeZone": "Europe/Berlin"}, ZoneInfo("UTC"), evening + timedelta(minutes=1)) == [True]


def test_a_time_of_day_is_half_open():
    morning = datetime(2026, 1, 10, 6, 0, tzinfo=UTC)  # 07:00 in Berlin
    assert at_hours(NIGHT, BERLIN, morning - timedelta(seconds=1), morning) == [True, False]
    lunch = {"type": "timeOfDay", "from": "07:00", "until": "13:00"}
    times = (morning - timedelta(seconds=1), morning, morning + timedelta(hours=6))
    assert at_hours(lunch, BERLIN, *times) == [False, True, False]


def test_night_when_clocks_go_forward():
    """29 March 2026: 02:00 is 03:00, at 01:00 UTC; the night ends an hour earlier by UTC."""
    until_seven = [datetime(2026, 3, 29, hour, 59, tzinfo=UTC) for hour in (4, 5)]
    assert at_hours(NIGHT, BERLIN, *until_seven) == [True, False]
    skipped = {"type": "timeOfDay", "from": "02:30", "until": "04:00"}
    jump = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert at_hours(skipped, BERLIN, jump - timedelta(seconds=1), jump) == [False, True]


def test_night_when_clocks_go_back():
    """25 October 2026: 03:00 is 02:00 again, at 01:00 UTC; the hour between belongs to the night twice."""
    until = {"type": "timeOfDay", "from": "22:00", "until": "02:30"}
    midnight = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    quarters = [midnight + timedelta(minutes=15 * number) for number in range(8)]
    assert at_hours(until, BERLIN, *quarters) == [True, True, False, False, True, True, False, False]


@pytest.mark.parametrize(
    ("other", "active", "unacknowledged"),
    [
        (None, False, False),
        (OtherAlert(State.CONFIRMING, minute(0)), False, False),
        (OtherAlert(State.ACTIVE, minute(0)), True, True),
        (OtherAlert(State.HYSTERESIS, minute(0)), True, True),
        (OtherAlert(State.ACTIVE, minute(0), is_acknowledged=True), True, False),
        (OtherAlert(State.ACTIVE, minute(0.1)), False, False),
    ],
)
def test_another_alarm_for_so_long(other, active, unacknowledged):
    looked_at = moment(every_five(100), at=5, alerts={"urgent_low": other} if other else {})
    alarm = {"type": "alert", "rule": "urgent_low", "forMinutes": 5}
    assert evaluate(alarm | {"is": "active"}, looked_at)[0] is active
    assert evaluate(alarm | {"is": "unacknowledged"}, looked_at)[0] is unacknowledged


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (LOW, False),
        (sustained(15), False),
        ({"type": "battery", "belowPercent": 20}, False),
        (NIGHT, True),
        ({"type": "not", "of": {"type": "noReadingFor", "minutes": 20}}, True),
        (sustained(15, {"type": "all", "of": [LOW, NIGHT]}), True),
        ({"type": "alert", "rule": "low", "is": "active"}, True),
        ({"type": "deviceOffline", "minutes": 20}, True),
    ],
)
def test_what_the_clock_alone_can_change(condition, expected):
    assert needs_ticks(read_condition(condition)) is expected


def next_change(condition, looked_at, memory=None):
    instants = read_condition(condition).changes(looked_at, memory or {}, "0")
    return min(instant for instant in instants if instant > looked_at.at)


def test_when_the_clock_may_change_a_truth():
    looked_at = moment(every_five(100), at=2, devices={1: DeviceContact(minute(1), True)})
    assert next_change({"type": "noReadingFor", "minutes": 20}, looked_at) == minute(20)
    assert next_change({"type": "deviceOffline", "minutes": 20}, looked_at) == minute(21)
    # Noon in UTC is 13:00 in Berlin.
    assert next_change({"type": "timeOfDay", "from": "13:30", "until": "12:00"}, looked_at) == minute(30)
    assert next_change(sustained(15, NIGHT), looked_at, {"0": minute(-5).isoformat()}) == minute(10)
    escalated = moment(every_five(100), at=2, alerts={"low": OtherAlert(State.ACTIVE, minute(1))})
    assert next_change({"type": "alert", "rule": "low", "is": "active", "forMinutes": 5}, escalated) == minute(6)


def test_a_night_of_changing_clocks_is_looked_at_often():
    jump = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    skipped = {"type": "timeOfDay", "from": "02:30", "until": "04:00"}
    assert next_change(skipped, Moment(jump - timedelta(minutes=10), (), BERLIN)) <= jump + timedelta(minutes=5)
