from __future__ import annotations

from alerts.engine.replay import replay
from alerts.presets import preset
from alerts.tests.traces import BERLIN, below, every_five, minute, plan, reading

# 22:00 and 07:00 of the patient's clock; noon in UTC is 13:00 in Berlin.
TEN_IN_THE_EVENING, SEVEN_IN_THE_MORNING = 9 * 60, 18 * 60
RECOVERY = (80, 80, 80, 80)


def low_at(*minutes):
    return [one for at in minutes for one in every_five(69, *RECOVERY, start=at)]


def test_it_counts_alarms_and_those_at_night():
    readings = low_at(0, TEN_IN_THE_EVENING - 5, TEN_IN_THE_EVENING + 25, SEVEN_IN_THE_MORNING - 5)
    readings += low_at(SEVEN_IN_THE_MORNING + 25)
    found = replay([below(70)], readings, BERLIN)
    assert (len(found.episodes), found.at_night) == (5, 2)
    assert found.in_words() == "would have alarmed 5 times, 2 at night"


def test_in_words_for_few():
    assert replay([below(70)], every_five(100), BERLIN).in_words() == "would not have alarmed"
    assert replay([below(70)], low_at(0), BERLIN).in_words() == "would have alarmed once, never at night"
    assert replay([below(70)], [], BERLIN).episodes == ()


def test_what_was_not_confirmed_is_no_alarm():
    assert replay([below(70, confirm_minutes=15)], low_at(0), BERLIN).episodes == ()


def test_readings_count_as_fresh_and_copies_do_not_count():
    late = [reading(0, 50, late_by=600), reading(60, 50, device=2, is_copy=True)]
    assert len(replay([below(70)], late, BERLIN).episodes) == 1


def test_an_episode_has_its_times_and_its_worst():
    (one,) = replay([below(70, confirm_minutes=5)], every_five(69, 60, 66, *RECOVERY), BERLIN).episodes
    times = (one.opened_at, one.confirmed_at, one.resolved_at)
    assert times == (minute(0), minute(5), minute(30))
    assert (one.rule, one.severity, one.worst) == ("rule", "high", 60)


def test_what_goes_on_at_the_end_has_no_end():
    (one,) = replay([below(70)], every_five(69, 60), BERLIN).episodes
    assert (one.resolved_at, one.worst) == (None, 60)


def test_silence_is_found_in_the_gap():
    rule = plan({"type": "noReadingFor", "minutes": 20}, close_minutes=0)
    (one,) = replay([rule], [*every_five(100), *every_five(100, start=3000)], BERLIN).episodes
    assert (one.opened_at, one.resolved_at) == (minute(20), minute(3000))


def test_a_device_is_in_contact_when_it_measures():
    rule = plan({"type": "deviceOffline", "minutes": 60}, close_minutes=0)
    (one,) = replay([rule], [*every_five(100), *every_five(100, start=90)], BERLIN).episodes
    assert (one.opened_at, one.resolved_at) == (minute(60), minute(90))


def test_rules_about_other_alarms_see_them():
    escalation = plan(
        {"type": "alert", "rule": "low", "is": "unacknowledged", "forMinutes": 12}, code="escalation", close_minutes=0
    )
    found = replay([below(70, code="low"), escalation], every_five(69, 69, 69, 69, *RECOVERY, 80), BERLIN)
    assert found.by_rule == {"low": 1, "escalation": 1}
    assert found.by_severity == {"high": 2}
    (escalated,) = [one for one in found.episodes if one.rule == "escalation"]
    assert (escalated.opened_at, escalated.resolved_at) == (minute(12), minute(40))


def test_a_fortnight_of_the_standard_preset():
    """As many readings as a replay is made for; quick enough for a page."""
    day = [100, 90, 80, 68, 60, 66, 80, 100, 130, 200, 260, 255, 252, 200, 150, 120] * 18
    plans = [rule.plan for rule in preset("standard").rules if rule.is_on]
    found = replay(plans, every_five(*day * 14), BERLIN)
    assert found.by_rule["low"] == 18 * 14
    assert found.by_rule["high"] == 18 * 14
    assert found.by_rule["urgent_low"] == 0
