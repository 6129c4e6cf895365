"""From a stored reading to an episode, by the database's real roles."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from alerts.evaluation import organizations_with_due_patients
from alerts.evaluation.everywhere import evaluate_all_due
from alerts.models import Episode, LateReadings, PatientEvaluation
from alerts.rules import effective
from alerts.services.waking import look_again
from alerts.tests.evaluating import episodes, evaluate, measure, minutes_ago, steps
from readings.models import EvaluationMark
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db


def test_an_urgent_low_is_an_alarm_of_its_patient_and_of_nobody_else(northside: Clinic, southside: Clinic) -> None:
    evaluate(northside)
    measured_at = measure(northside, 54)
    evaluate(northside)
    evaluate(southside)
    (episode,) = episodes(northside, "urgent_low")
    assert episode.patient_id == northside.patients[0].pk
    assert (episode.state, episode.severity, episode.glucose) == ("active", "critical", 54)
    assert episode.opened_at == episode.confirmed_at == measured_at
    assert episode.is_late is False
    assert steps(northside, episode) == ["opened", "confirmed"]
    assert episodes(southside, "urgent_low") == []


def test_the_same_reading_is_looked_at_once(northside: Clinic) -> None:
    measure(northside, 50)
    evaluate(northside)
    with northside.scope(), transaction.atomic():
        look_again()
    evaluate(northside)
    (episode,) = episodes(northside, "urgent_low")
    assert steps(northside, episode) == ["opened", "confirmed"]


def test_it_ends_by_readings_beyond_the_margin_and_then_begins_anew(northside: Clinic) -> None:
    measure(northside, 50, minutes_ago(14))
    for glucose, ago in ((58, 12), (62, 10), (70, 5)):
        measure(northside, glucose, minutes_ago(ago))
    evaluate(northside)
    (episode,) = episodes(northside, "urgent_low")
    # 58 lies within the margin of 5; 15 minutes beyond it have not passed since 62.
    assert episode.state == "hysteresis"
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        measure(northside, 90)
        evaluate(northside)
    (episode,) = episodes(northside, "urgent_low")
    assert (episode.state, episode.worst_glucose) == ("resolved", 50)
    assert steps(northside, episode) == ["opened", "confirmed", "eased", "resolved"]
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        measure(northside, 50)
        evaluate(northside)
    assert [one.state for one in episodes(northside, "urgent_low")] == ["resolved", "active"]


def test_no_evaluator_for_40_minutes_and_no_later_reading_the_alarm_comes_late_and_says_so(northside: Clinic) -> None:
    measured_at = measure(northside, 48)
    with time_machine.travel(timezone.now() + timedelta(minutes=40)):
        evaluate(northside)
    (episode,) = episodes(northside, "urgent_low")
    assert (episode.confirmed_at, episode.is_late, episode.state) == (measured_at, True, "active")


def test_what_was_late_on_arrival_never_alarms_and_stands_on_the_timeline(northside: Clinic) -> None:
    evaluate(northside)
    first = measure(northside, 40, minutes_ago(120))
    last = measure(northside, 40, minutes_ago(16))
    evaluate(northside)
    assert episodes(northside, "urgent_low") == []
    with northside.scope():
        (late,) = LateReadings.objects.filter(patient=northside.patients[0]).order_by("-id")[:1]
    assert (late.count, late.first_at, late.last_at) == (2, first, last)


def test_a_fresh_low_that_arrives_after_a_later_reading_alarms(northside: Clinic) -> None:
    measure(northside, 90, minutes_ago(2))
    evaluate(northside)
    measure(northside, 50, minutes_ago(7))
    evaluate(northside)
    (episode,) = episodes(northside, "urgent_low")
    assert episode.confirmed_at is not None


def test_silence_alarms_without_a_reading_and_the_next_reading_ends_it(northside: Clinic) -> None:
    measured_at = measure(northside, 110)
    evaluate(northside)
    with time_machine.travel(timezone.now() + timedelta(minutes=19)):
        assert evaluate(northside).transitions == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=21)):
        evaluate(northside)
        (episode,) = episodes(northside, "signal_loss")
        assert episode.state == "active"
        assert episode.opened_at >= measured_at + timedelta(minutes=20)
        measure(northside, 111)
        evaluate(northside)
    (episode,) = episodes(northside, "signal_loss")
    assert episode.state == "resolved"


def test_the_import_of_a_past_is_no_silence(northside: Clinic) -> None:
    """A patient whose sensor ended long ago, and one whose readings always come too late to alarm."""
    evaluate(northside)
    measure(northside, 110, minutes_ago(60 * 24 * 200))
    measure(northside, 111, minutes_ago(16))
    evaluate(northside)
    with time_machine.travel(timezone.now() + timedelta(minutes=40)):
        evaluate(northside)
    assert episodes(northside, "signal_loss") == []


def test_the_database_refuses_a_second_open_episode(northside: Clinic) -> None:
    measure(northside, 50)
    evaluate(northside)
    (episode,) = episodes(northside, "urgent_low")
    episode.pk = None
    episode.public_id = northside.organization.public_id
    with pytest.raises(IntegrityError, match="alerts_episode_one_open"), northside.scope(), transaction.atomic():
        episode.save(force_insert=True)


def test_nothing_is_due_after_a_look_until_a_reading_comes(northside: Clinic, southside: Clinic) -> None:
    evaluate(northside)
    evaluate(southside)
    assert organizations_with_due_patients() == []
    measure(northside, 120)
    assert organizations_with_due_patients() == [northside.organization.id]


def test_what_fails_leaves_the_mark_and_the_next_round_alarms(
    northside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure(northside, 50)

    def broken(*_: object, **__: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr("alerts.evaluation.writing.plan_deliveries", broken)
        evaluate(northside)
    assert episodes(northside) == []
    with northside.scope():
        assert EvaluationMark.objects.filter(patient=northside.patients[0]).exists()
    evaluate(northside)
    assert len(episodes(northside, "urgent_low")) == 1


def test_a_rule_that_cannot_be_evaluated_does_not_stop_the_others(
    northside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, *_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("alerts.engine.conditions.signal.FlatLine.truth", broken)
    measure(northside, 50)
    assert evaluate(northside).rules_failed
    assert len(episodes(northside, "urgent_low")) == 1


def test_an_episode_whose_rule_is_gone_ends_and_says_why(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    measure(northside, 50)
    evaluate(northside)
    monkeypatch.setattr("alerts.evaluation.work.effective_rules", lambda patients: dict.fromkeys(patients, ()))
    with northside.scope(), transaction.atomic():
        look_again(northside.patients[0])
    evaluate(northside)
    (episode,) = episodes(northside, "urgent_low")
    assert (episode.state, episode.is_open) == (Episode.State.RESOLVED, False)
    with northside.scope():
        assert episode.events.latest("id").detail == {"why": "The rule was switched off or removed."}


def test_another_condition_of_a_rule_begins_to_wait_anew(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both remember since when a part in the same place holds."""

    def only_low_for(minutes: int, mgdl: int) -> None:
        condition = {"type": "sustained", "minutes": minutes, "of": {"type": "below", "mgdl": mgdl}}
        text = json.dumps(condition, sort_keys=True)
        compiled = effective._compiled(text)
        low = effective.EffectiveRule(code="low", severity="high", condition=compiled, name="Low", fingerprint=text)
        monkeypatch.setattr("alerts.evaluation.work.effective_rules", lambda patients: dict.fromkeys(patients, (low,)))

    only_low_for(10, 200)
    measure(northside, 120, minutes_ago(14))
    evaluate(northside)
    only_low_for(10, 80)
    measure(northside, 75)
    evaluate(northside)
    assert episodes(northside, "low") == []


def test_rules_that_say_nothing_take_a_word_and_begin_an_alarm_from_there(northside: Clinic) -> None:
    for glucose, ago in ((110, 15), (90, 10), (75, 5)):
        measure(northside, glucose, minutes_ago(ago))
        evaluate(northside)
    with northside.scope():
        remembered = PatientEvaluation.objects.get(patient=northside.patients[0]).rules
    assert {remembered[code] for code in ("urgent_low", "low", "signal_loss")} == {"idle"}
    measure(northside, 52)
    evaluate(northside)
    (episode,) = episodes(northside, "urgent_low")
    assert steps(northside, episode) == ["opened", "confirmed"]


def test_the_sender_is_asked_where_somebody_is_to_be_told_and_not_for_every_step(
    northside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr("alerts.evaluation.everywhere.send_task", asked.append)
    evaluate_all_due()
    asked.clear()
    measure(northside, 50, minutes_ago(1))
    assert evaluate_all_due().told > 0
    assert len(asked) == 1
    measure(northside, 90)
    assert evaluate_all_due().transitions > 0
    assert len(asked) == 1


def test_the_command_looks_once(northside: Clinic, southside: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    measure(northside, 50)
    call_command("evaluate_alarms", "--once")
    assert "Looked at " in capsys.readouterr().out
    assert len(episodes(northside, "urgent_low")) == 1
    with northside.scope():
        assert PatientEvaluation.objects.filter(patient=northside.patients[0]).exists()
