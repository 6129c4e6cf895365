"""Readings that arrive late, twice, in the wrong order, or while nobody looked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.engine.advance import advance
from alerts.engine.machine import Kind, RuleState
from alerts.engine.trace import State, Timeline
from alerts.presets import preset
from alerts.tests.traces import BERLIN, Patient, below, episodes, every_five, kinds, minute, plan, reading, walk

URGENT_LOW = preset("standard").rule("urgent_low").plan


def follow(rule, *batches):
    """The transitions of each batch, looked at as it arrives."""
    patient = Patient([rule])
    found = []
    for batch in batches:
        before = len(patient.transitions[rule.code])
        patient.look(batch, max(one.received_at for one in batch))
        found.append(kinds(patient.transitions[rule.code][before:]))
    return found


def test_an_urgent_low_that_comes_after_later_readings_alarms():
    later = [*every_five(62, 60), reading(15, 64)]
    overlooked = reading(10, 54, late_by=8)
    assert follow(URGENT_LOW, later, [overlooked]) == [
        [],
        [("opened", 10), ("confirmed", 10), ("eased", 15)],
    ]


def test_it_is_resolved_by_those_that_came_before_it():
    later = [reading(0, 70), *every_five(70, 70, 70, 70, start=10)]
    assert follow(URGENT_LOW, later, [reading(5, 50, late_by=15)])[1] == [
        ("opened", 5), ("confirmed", 5), ("eased", 10), ("resolved", 25),
    ]  # fmt: skip


def test_an_older_reading_does_not_end_what_goes_on():
    state_then = [*every_five(52), reading(10, 52)]
    assert follow(URGENT_LOW, state_then, [reading(5, 90, late_by=8)]) == [[("opened", 0), ("confirmed", 0)], []]


def test_an_older_reading_breaks_what_would_be_confirmed():
    rule = below(70, confirm_minutes=15)
    found = follow(rule, [*every_five(69, 69), reading(15, 69)], [reading(10, 90, late_by=6)], [reading(20, 69)])
    assert found == [[("opened", 0), ("confirmed", 15)], [], []]

    found = follow(rule, [*every_five(69), reading(10, 69)], [reading(5, 90, late_by=6)], [reading(15, 69)])
    assert found == [[("opened", 0)], [], []]


def test_an_older_reading_confirms():
    rule = below(70, confirm_minutes=15)
    found = follow(rule, [*every_five(69, start=10), reading(20, 69)], [reading(5, 69, late_by=15.2)])
    # Late by more than 15 minutes: no alarm by itself, and 15 minutes of low for the newest one is what it says.
    assert found == [[("opened", 10)], [("confirmed", 20)]]


def test_an_older_reading_makes_it_last_longer():
    rule = plan({"type": "sustained", "minutes": 15, "of": {"type": "below", "mgdl": 70}})
    later = every_five(69, 69, 69, start=10)
    assert follow(rule, later, [reading(5, 69, late_by=15)]) == [[], [("opened", 20), ("confirmed", 20)]]


def test_an_older_reading_makes_the_recovery_last_longer():
    first, older = [reading(0, 50), reading(70, 80)], reading(65, 80, late_by=8)
    assert follow(URGENT_LOW, first, [older], [reading(75, 80)], [reading(80, 80)])[3] == [("resolved", 80)]


def test_the_same_low_does_not_alarm_twice():
    """A reading within an episode that is over, from a second sensor and late in order."""
    first = every_five(80, 50, 52, 80, 80, 80, 80)
    between = reading(7, 54, late_by=14, device=2)
    found = follow(URGENT_LOW, first, [between])
    assert found[0][-1] == ("resolved", 30)
    assert found[1] == []


def test_a_low_before_an_episode_is_one_of_its_own():
    first = [reading(0, 80), *every_five(80, 80, 80, 80, 50, 80, 80, 80, 80, start=10)]
    assert ("opened", 5) in follow(URGENT_LOW, first, [reading(5, 50, late_by=15)])[1]


def test_backfilled_readings_never_alarm():
    backfill = [reading(5 * place, 45, late_by=15.1 + 60 - 5 * place) for place in range(12)]
    assert walk(URGENT_LOW, backfill)[1] == []
    assert walk(URGENT_LOW, [reading(0, 45, late_by=15)])[1] == [("opened", 0), ("confirmed", 0)]


def test_backfilled_readings_neither_ease_nor_resolve():
    assert follow(URGENT_LOW, [reading(0, 50)], [reading(5 * place, 90, late_by=60) for place in range(1, 8)])[1] == []


def test_later_readings_see_late_ones_as_history():
    late = [reading(at, 69, late_by=45 - at) for at in (0, 5, 10, 15, 20, 25)]
    fresh = reading(30, 69, late_by=15)
    assert walk(below(70, confirm_minutes=15), [*late, fresh])[1] == [("opened", 30), ("confirmed", 30)]


def test_late_readings_break_what_was_sustained():
    rule = plan({"type": "sustained", "minutes": 30, "of": {"type": "below", "mgdl": 70}})
    early, gap = every_five(69), [reading(at, 69, late_by=60) for at in (5, 10, 20, 25)]
    through = [*gap, reading(15, 69, late_by=60), reading(30, 69)]
    broken = [*gap, reading(15, 90, late_by=60), reading(30, 69)]
    assert follow(rule, early, through)[1] == [("opened", 30), ("confirmed", 30)]
    assert follow(rule, early, broken)[1] == []


def test_copies_never_alarm():
    copy = reading(5, 55, device=2, is_copy=True)
    assert walk(URGENT_LOW, [*every_five(60, 56), copy])[1] == []
    assert follow(URGENT_LOW, every_five(60, 56), [copy]) == [[], []]


def test_two_sensors_at_one_instant_are_both_looked_at():
    both = [reading(0, 54, device=1), reading(0, 120, device=2)]
    assert walk(URGENT_LOW, both)[1][:2] == [("opened", 0), ("confirmed", 0)]


def test_an_alarm_is_found_after_all_evaluators_stood_still():
    """40 minutes without a look, and no reading after the low: it is found, with its own time."""
    low = reading(0, 50)
    _, found = advance(URGENT_LOW, RuleState(), [low], Timeline([low], BERLIN), minute(40))
    assert kinds(found) == [("opened", 0), ("confirmed", 0)]


def test_a_lost_wake_up_is_made_good_by_the_next():
    """The look that should have been between was told of nothing, but the reading stands in the table."""
    rule = URGENT_LOW
    seen, missed, after = reading(0, 70), reading(5, 54), reading(10, 70)
    state, _ = advance(rule, RuleState(), [seen], Timeline([seen], BERLIN), minute(1))
    _, found = advance(rule, state, [after], Timeline([seen, missed, after], BERLIN), minute(11))
    assert ("confirmed", 5) in kinds(found)


def test_a_second_look_at_the_same_changes_nothing():
    for values in [(50,), (50, 80), (50, 80, 80, 80, 80), (80, 80)]:
        readings = every_five(*values)
        assert follow(URGENT_LOW, readings, readings, readings[-1:])[1:] == [[], []]


def test_more_than_ten_alarms_at_once():
    rules = [below(70 + number, code=f"rule_{number}") for number in range(25)]
    patient = Patient(rules)
    patient.look(every_five(60), minute(1))
    assert all(len(patient.alarms(rule.code)) == 1 for rule in rules)


def test_an_hour_of_history_starts_a_rule_that_was_switched_on():
    rule = below(70, confirm_minutes=30)
    readings = every_five(*[69] * 8)
    _, found = advance(rule, RuleState(), readings[-1:], Timeline(readings, BERLIN), minute(36))
    assert kinds(found) == [("opened", 35), ("confirmed", 35)]


values = st.integers(39, 120)
instants = st.lists(st.integers(0, 90), min_size=1, max_size=20, unique=True)


@st.composite
def arrivals(draw):
    """The same fresh readings in any order, and in any batches."""
    readings = [reading(at, draw(values), late_by=draw(st.integers(0, 15))) for at in draw(instants)]
    order = draw(st.permutations(readings))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=6)))
    batches = [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    return [batch for batch in batches if batch]


@given(arrivals())
def test_no_order_loses_an_urgent_low(batches):
    patient = Patient([URGENT_LOW])
    now = minute(0)
    for batch in batches:
        now = max(now, *(one.received_at for one in batch))
        patient.look(batch, now)
    lows = [one for batch in batches for one in batch if one.glucose <= 55]
    found = episodes(patient.transitions["urgent_low"])
    assert bool(found) == bool(lows)
    for low in lows:
        assert any(episode["resolved"] is None or low.measured_at <= episode["resolved"] for episode in found)


@given(arrivals())
def test_transitions_follow_each_other(batches):
    """Whatever arrives how: opened, confirmed, eased and returned in turn, resolved, and again."""
    patient = Patient([below(70, confirm_minutes=10, code="low")])
    for batch in batches:
        patient.look(batch, max(one.received_at for one in batch))
    allowed = {
        State.IDLE: {Kind.OPENED: State.CONFIRMING},
        State.CONFIRMING: {Kind.CONFIRMED: State.ACTIVE, Kind.DISMISSED: State.IDLE},
        State.ACTIVE: {Kind.EASED: State.HYSTERESIS},
        State.HYSTERESIS: {Kind.RETURNED: State.ACTIVE, Kind.RESOLVED: State.IDLE},
    }
    state = State.IDLE
    for transition in patient.transitions["low"]:
        state = allowed[state][transition.kind]
