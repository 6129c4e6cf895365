"""People act while rules look and while others act: each thread has a connection and a transaction of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import pytest
from django.core.exceptions import ValidationError

from alerts.models import Episode
from alerts.rules import EffectiveRule, effective_rules
from alerts.services import acts
from alerts.services.rules import create_rule
from alerts.tests.evaluating import episodes, evaluate, measure, minutes_ago, steps
from readings.tests.interruption import Interruption, closing
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def episode(northside: Clinic) -> Episode:
    measure(northside, 54, minutes_ago(5))
    evaluate(northside)
    (found,) = episodes(northside, "urgent_low")
    return found


def acknowledging(clinic: Clinic, episode: Episode, role: str) -> Callable[[], None]:
    def run() -> None:
        with clinic.scope():
            acts.acknowledge(episode=episode, member=clinic.people[role])

    return run


def test_an_acknowledgement_is_not_lost_while_rules_look(northside: Clinic, episode: Episode) -> None:
    measure(northside, 90)
    with Interruption(acknowledging(northside, episode, "nurse")) as acting:
        looking = threading.Thread(target=closing(lambda: evaluate(northside)))
        looking.start()
        looking.join(0.3)
        # It waits for the person.
        assert looking.is_alive()
        acting.finish()
        looking.join(30)

    (found,) = episodes(northside, "urgent_low")
    assert (found.acknowledged_by_id, found.state) == (northside.people["nurse"].pk, Episode.State.EASING)


def test_of_two_who_acknowledge_at_once_one_did(northside: Clinic, episode: Episode) -> None:
    with Interruption(acknowledging(northside, episode, "nurse")) as first:
        second = threading.Thread(target=closing(acknowledging(northside, episode, "clinician")))
        second.start()
        second.join(0.3)
        assert second.is_alive()
        first.finish()
        second.join(30)

    (found,) = episodes(northside, "urgent_low")
    assert found.acknowledged_by_id == northside.people["nurse"].pk
    assert steps(northside, found).count("acknowledged") == 1


def test_a_rule_that_changes_while_rules_look_is_looked_at_again(
    northside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change comes after the rules were read: what it marks must outlive the marks that the look takes."""
    measure(northside, 80)
    changing = threading.Thread(target=closing(lambda: create_rule_of_the_clock(northside)))

    def read_and_change(patient_ids: Iterable[int]) -> dict[int, tuple[EffectiveRule, ...]]:
        found = effective_rules(patient_ids)
        if changing.ident is None:
            changing.start()
            changing.join(0.3)
        return found

    with monkeypatch.context() as patch:
        patch.setattr("alerts.evaluation.work.effective_rules", read_and_change)
        evaluate(northside)
    changing.join(30)
    evaluate(northside)
    assert northside.patients[0].pk in {one.patient_id for one in episodes(northside, "always")}


def create_rule_of_the_clock(clinic: Clinic) -> None:
    """It alarms at any look, without a reading."""
    halves = [{"type": "timeOfDay", "from": "00:00", "until": "12:00"}]
    halves += [{"type": "timeOfDay", "from": "12:00", "until": "00:00"}]
    with clinic.scope():
        create_rule(
            code="always", said={"name": "Always", "severity": "low", "condition": {"type": "any", "of": halves}}
        )


def test_of_two_who_make_the_same_rule_at_once_the_second_hears_why_not(northside: Clinic) -> None:
    refused: list[str] = []

    def make_it_too() -> None:
        try:
            create_rule_of_the_clock(northside)
        except ValidationError as error:
            refused.extend(error.messages)

    with Interruption(lambda: create_rule_of_the_clock(northside)) as first:
        second = threading.Thread(target=closing(make_it_too))
        second.start()
        second.join(0.3)
        first.finish()
        second.join(30)
    assert refused == ["There is a rule of this code already."]
