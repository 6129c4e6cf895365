"""People act while rules look and while others act: each thread has a connection and a transaction of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from alerts.models import Episode
from alerts.services import acts
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
