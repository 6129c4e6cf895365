"""Sources that tell hours later: no alarm at each round, one when they stop, and never an urgent one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from alerts.engine.advance import advance
from alerts.engine.machine import RuleState, next_look
from alerts.engine.trace import DeviceContact, Reading, Timeline
from alerts.models import LateReadings
from alerts.presets import preset
from alerts.tests.evaluating import episodes, evaluate, measure
from alerts.tests.traces import BERLIN, below, minute, moment, reading
from devices.lag import expected_lag
from devices.models import Device
from devices.services import change_device
from tests.clinics import Clinic

LAG = timedelta(hours=3)
LAGS = {1: DeviceContact(minute(180), True, lag=LAG)}


def after_lag(at: float, glucose: int = 100) -> Reading:
    return reading(at, glucose, late_by=180)


def is_true(rule, readings, at, devices=LAGS):
    return rule.condition.evaluate(moment(readings, at=at, devices=devices), {}, is_urgent=rule.is_urgent)[0]


def test_what_is_usual_for_a_kind_and_what_was_set_for_a_device():
    assert expected_lag("dexcom", None) == LAG
    assert expected_lag("dexcom", 60) == timedelta(hours=1)
    assert expected_lag("dexcom", 0) == expected_lag("argus", None) == timedelta()


@pytest.mark.parametrize(("at", "expected"), [(184, False), (239.9, False), (240, True)])
def test_it_is_silent_an_hour_after_it_should_have_told(at, expected):
    assert is_true(preset("standard").rule("signal_loss").plan, [after_lag(0)], at) is expected


def test_a_longer_silence_of_a_rule_counts_as_it_says():
    day = preset("standard").rule("signal_loss_day").plan
    assert is_true(day, [after_lag(0)], 1439) is False
    assert is_true(day, [after_lag(0)], 1440) is True


def test_it_drives_no_urgent_alarm():
    urgent = preset("standard").rule("signal_loss_urgent").plan
    assert is_true(urgent, [after_lag(0)], 600) is False
    assert is_true(urgent, [reading(0, 100)], 600, {1: DeviceContact(minute(0), True)}) is True


def test_beside_a_device_that_measures_live_it_does_not_count():
    rule = preset("standard").rule("signal_loss").plan
    both = {**LAGS, 2: DeviceContact(minute(200), False)}
    live_then_lagging = [reading(0, 100, device=2), after_lag(30)]
    assert is_true(rule, live_then_lagging, 31, both) is True
    never_heard_of = {**LAGS, 2: DeviceContact(None, False)}
    assert is_true(rule, live_then_lagging, 211, never_heard_of) is False


def test_the_past_that_it_tells_of_when_it_begins_is_no_silence():
    rule = preset("standard").rule("signal_loss").plan
    assert is_true(rule, [reading(0, 100, late_by=241)], 600) is None


def test_its_device_is_offline_an_hour_later_too():
    offline = preset("standard").rule("device_offline").plan
    assert is_true(offline, [after_lag(0)], 180 + 239) is False
    assert is_true(offline, [after_lag(0)], 180 + 240) is True
    assert is_true(replace(offline, severity="high"), [after_lag(0)], 180 + 240) is False
    assert next_look(offline, RuleState(), moment([after_lag(0)], at=181, devices=LAGS)) == minute(180 + 240)


def test_a_fresh_reading_alarms_wherever_it_comes_from():
    """It may come in time for once: what was fresh on arrival always alarms."""
    rule, fresh = below(70), reading(0, 60)
    _, transitions = advance(rule, RuleState(), [fresh], Timeline([fresh], BERLIN, LAGS), minute(1))
    assert [change.kind.value for change in transitions] == ["opened", "confirmed"]


def test_a_later_batch_does_not_make_a_silence_unknown():
    """The newest reading came late, those in time are longer ago than what the next look loads."""
    day = preset("standard").rule("signal_loss_day").plan
    fresh, late = reading(0, 100), reading(100, 100, late_by=30)
    state, _ = advance(day, RuleState(), [fresh], Timeline([fresh], BERLIN), minute(1))
    state, _ = advance(day, state, [late], Timeline([fresh, late], BERLIN), minute(131))
    assert next_look(day, state, Timeline([late], BERLIN).at(minute(131))) == minute(1440)
    _, transitions = advance(day, state, [], Timeline([late], BERLIN), minute(1440))
    assert [change.kind.value for change in transitions] == ["opened", "confirmed"]


@pytest.fixture
def dexcom(northside: Clinic) -> Clinic:
    """Its first patient is measured by nothing but a Dexcom account."""
    with northside.scope(), transaction.atomic():
        change_device(device=northside.devices[0], changes={"kind": Device.Kind.DEXCOM})
    return northside


def alarms(clinic: Clinic) -> list[str]:
    return [episode.rule_code for episode in episodes(clinic) if episode.patient_id == clinic.patients[0].pk]


def told(clinic: Clinic, at: datetime, glucose: int = 100) -> None:
    """A round of the sync: what was measured three hours before."""
    with time_machine.travel(at):
        measure(clinic, glucose, at - LAG)
        evaluate(clinic)


@pytest.mark.django_db
def test_a_clinic_of_dexcom_patients_hears_of_silence_when_data_stop(dexcom: Clinic) -> None:
    begun = timezone.now()
    for minutes in range(0, 60, 5):
        told(dexcom, begun + timedelta(minutes=minutes), 50)
    assert alarms(dexcom) == [], "neither a silence at each round nor an urgent low of three hours ago"
    stopped = begun + timedelta(minutes=55)
    for minutes, expected in ((59, []), (61, ["signal_loss"])):
        with time_machine.travel(stopped + timedelta(minutes=minutes)):
            evaluate(dexcom)
            assert alarms(dexcom) == expected
    told(dexcom, stopped + timedelta(minutes=70))
    (episode,) = episodes(dexcom, "signal_loss")
    assert (episode.state, episode.severity) == ("resolved", "medium")


@pytest.mark.django_db
def test_late_readings_of_an_hour_share_a_row(dexcom: Clinic) -> None:
    """Otherwise a source that always lags would leave a row for each reading."""
    evaluate(dexcom)
    begun = timezone.now()
    first = measure(dexcom, 100, begun - LAG)
    evaluate(dexcom)
    last = measure(dexcom, 100, begun - LAG + timedelta(minutes=5))
    evaluate(dexcom)
    with dexcom.scope(), transaction.atomic():
        (row,) = LateReadings.objects.filter(patient=dexcom.patients[0])
        assert (row.count, row.first_at, row.last_at) == (2, first, last)
