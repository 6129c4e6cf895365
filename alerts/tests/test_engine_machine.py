from __future__ import annotations

import json

import pytest

from alerts.engine.machine import RuleState, next_look, step
from alerts.engine.trace import State
from alerts.tests.traces import below, every_five, minute, moment, plan, reading, walk

SILENT = {"type": "noReadingFor", "minutes": 20}


def test_without_delay_it_opens_confirmed():
    state, changes = walk(below(70), every_five(75, 69))
    assert changes == [("opened", 5), ("confirmed", 5)]
    assert (state.state, state.opened_at, state.worst) == (State.ACTIVE, minute(5), 69)


def test_with_delay_it_is_confirmed_by_the_times_of_readings():
    _, changes = walk(below(70, confirm_minutes=15), every_five(69, 69, 69, 69))
    assert changes == [("opened", 0), ("confirmed", 15)]


def test_what_ends_before_it_was_confirmed_is_dismissed():
    state, changes = walk(below(70, confirm_minutes=15), every_five(69, 69, 70, 69))
    # No margin yet: it has not been an alarm.
    assert changes == [("opened", 0), ("dismissed", 10), ("opened", 15)]
    assert state.state is State.CONFIRMING


def test_it_closes_after_15_minutes_beyond_the_margin():
    _, changes = walk(below(70), every_five(69, 74, 75, 75, 75, 75))
    assert changes == [("opened", 0), ("confirmed", 0), ("eased", 10), ("resolved", 25)]


def test_it_returns_where_it_would_have_begun():
    _, changes = walk(below(70), every_five(69, 80, 69, 80, 80, 80, 80))
    assert changes == [
        ("opened", 0), ("confirmed", 0), ("eased", 5), ("returned", 10), ("eased", 15), ("resolved", 30),
    ]  # fmt: skip


def test_within_the_margin_it_neither_returns_nor_closes():
    state, changes = walk(below(70), every_five(69, 80, 74, 80, 80, 74, 80, 80))
    assert changes == [("opened", 0), ("confirmed", 0), ("eased", 5)]
    assert state.clear_since == minute(30)


def test_what_had_to_be_sustained_returns_at_once():
    rule = plan({"type": "sustained", "minutes": 15, "of": {"type": "below", "mgdl": 70}})
    _, changes = walk(rule, every_five(69, 69, 69, 69, 80, 69, 80, 80, 80, 80))
    assert changes == [
        ("opened", 15), ("confirmed", 15), ("eased", 20), ("returned", 25), ("eased", 30), ("resolved", 45),
    ]  # fmt: skip


def test_silence_changes_nothing():
    state, changes = walk(below(70), [*every_five(69), reading(60, 69)])
    assert changes == [("opened", 0), ("confirmed", 0)]
    assert state.opened_at == minute(0)


def test_silence_does_not_confirm():
    """Low before and after half an hour without readings is not low for half an hour."""
    rule = below(70, confirm_minutes=15)
    _, changes = walk(rule, [*every_five(69), *every_five(69, 69, 69, 69, start=30)])
    assert changes == [("opened", 0), ("confirmed", 45)]


def test_silence_does_not_resolve():
    _, changes = walk(below(70), [*every_five(69, 80), *every_five(80, 80, 80, 80, start=60)])
    assert changes == [("opened", 0), ("confirmed", 0), ("eased", 5), ("resolved", 75)]


def test_signal_loss_opens_at_a_tick_and_ends_with_the_next_reading():
    rule = plan(SILENT, close_minutes=0)
    state, _ = step(rule, RuleState(), moment(every_five(100)))
    state, nothing = step(rule, state, moment(every_five(100), at=19.9))
    state, lost = step(rule, state, moment(every_five(100), at=20))
    state, found = step(rule, state, moment([*every_five(100), reading(31, 110)]))
    assert nothing == []
    assert [(change.kind, change.at, change.glucose) for change in lost] == [
        ("opened", minute(20), 100),
        ("confirmed", minute(20), 100),
    ]
    assert [(change.kind, change.at, change.glucose) for change in found] == [("resolved", minute(31), 110)]


def test_an_episode_does_not_end_before_it_began():
    """A reading of before the tick that missed it."""
    rule = plan(SILENT, close_minutes=0)
    state, _ = step(rule, RuleState(), moment(every_five(100), at=20))
    _, found = step(rule, state, moment([*every_five(100), reading(19, 110)]))
    assert [(change.kind, change.at) for change in found] == [("resolved", minute(20))]


def test_worst_is_the_lowest_or_the_highest_of_the_episode():
    low, _ = walk(below(70), every_five(50, 90, 90, 90, 90, 66, 61, 65))
    high, _ = walk(plan({"type": "above", "mgdl": 250}), every_five(260, 300, 280))
    silent, _ = walk(plan(SILENT), [reading(0, 100, late_by=0)])
    assert (low.worst, high.worst, silent.worst) == (61, 300, None)


@pytest.mark.parametrize(
    "values", [(80,), (69,), (69, 69, 69, 69), (69, 69, 69, 69, 80), (69, 69, 69, 69, 80, 80, 80, 80)]
)
def test_a_state_goes_through_json(values):
    rule = plan({"type": "sustained", "minutes": 10, "of": {"type": "below", "mgdl": 70}}, confirm_minutes=5)
    state, _ = walk(rule, every_five(*values))
    assert RuleState.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_the_next_look_is_when_the_clock_matters():
    rule = plan(SILENT, confirm_minutes=10, close_minutes=15)
    looked_at = moment(every_five(100))
    assert next_look(rule, RuleState(), looked_at) == minute(20)

    confirming, _ = step(rule, RuleState(), moment(every_five(100), at=20))
    assert next_look(rule, confirming, moment(every_five(100), at=20)) == minute(30)
    active, changes = step(rule, confirming, moment(every_five(100), at=30))
    assert [change.kind for change in changes] == ["confirmed"]
    assert next_look(rule, active, moment(every_five(100), at=30)) is None


def test_rules_about_readings_alone_wait_for_them():
    state, _ = walk(below(70, confirm_minutes=15), every_five(69))
    assert next_look(below(70), state, moment(every_five(69))) is None


def test_a_rule_that_follows_the_clock_closes_by_it():
    by_day = {"type": "timeOfDay", "from": "08:00", "until": "13:05"}  # noon in UTC is 13:00 in Berlin
    rule = plan({"type": "all", "of": [{"type": "below", "mgdl": 70}, by_day]})
    state, _ = step(rule, RuleState(), moment(every_five(69)))
    state, eased = step(rule, state, moment(every_five(69), at=5))
    assert [change.kind for change in eased] == ["eased"]
    assert next_look(rule, state, moment(every_five(69), at=5)) == minute(20)
