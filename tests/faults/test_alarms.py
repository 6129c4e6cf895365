"""No alarm is lost, and none opens twice, whatever dies while rules look or messages go out."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.faults.alarming import Alarming, alarming
from tests.faults.installation import Installation

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
pytestmark = [pytest.mark.slow, pytest.mark.promise(1), pytest.mark.timeout(180 + 120 * ROUNDS)]
LOWS = 2


@pytest.fixture
def alarms(system: Installation) -> Iterator[Alarming]:
    with alarming(system) as made:
        yield made


def kill_processes(alarms: Alarming) -> None:
    alarms.kill_evaluators()
    alarms.kill_sender()


def kill_postgres(alarms: Alarming) -> None:
    alarms.system.kill("PostgreSQL")


def kill_valkey(alarms: Alarming) -> None:
    alarms.system.kill("Valkey")


nightly = pytest.mark.nightly


@pytest.mark.parametrize(
    "kill", [kill_postgres, *(pytest.param(kill, marks=nightly) for kill in (kill_processes, kill_valkey))]
)
def test_what_dies_during_an_evaluation_loses_no_alarm(alarms: Alarming, kill: Callable[[Alarming], None]) -> None:
    for _ in range(ROUNDS):
        if not alarms.evaluators:
            alarms.start_evaluator()
        with alarms.evaluation_held_up():
            alarms.post_lows(LOWS)
            alarms.wait_until_evaluation_is_held_up()
            kill(alarms)
        alarms.system.start_services()
    if not alarms.evaluators:
        alarms.start_evaluator()
    alarms.start_sender()
    alarms.wait_until_all_are_told()
    refuse_what_came_twice(alarms)


@pytest.mark.parametrize(
    "kill", [kill_processes, *(pytest.param(kill, marks=nightly) for kill in (kill_postgres, kill_valkey))]
)
def test_what_dies_during_a_delivery_loses_no_message(alarms: Alarming, kill: Callable[[Alarming], None]) -> None:
    for _ in range(ROUNDS):
        if not alarms.evaluators:
            alarms.start_evaluator()
            alarms.start_sender()
        alarms.receiver.hold = held = threading.Event()
        alarms.receiver.arrived.clear()
        alarms.post_lows(LOWS)
        alarms.wait_until_sending()
        kill(alarms)
        alarms.receiver.hold = None
        held.set()
        alarms.system.start_services()
        if not alarms.evaluators:
            alarms.start_evaluator()
            alarms.start_sender()
        alarms.wait_until_all_are_told()
    refuse_what_came_twice(alarms)
    if kill is kill_processes:
        # What was on its way came again, and under its own key.
        assert max(alarms.heard().values()) > 1


def test_two_evaluators_open_one_episode(alarms: Alarming) -> None:
    for _ in range(2):
        alarms.start_evaluator()
    alarms.start_sender()
    alarms.post_lows(10 * LOWS)
    alarms.wait_until_all_are_told()
    refuse_what_came_twice(alarms)


def refuse_what_came_twice(alarms: Alarming) -> None:
    """One episode for each rule and patient, one message for each, and one key for all its copies."""
    rows = alarms.alarms()
    expected = {(low, rule) for low in alarms.lows for rule in ("low", "urgent_low")}
    assert Counter((patient, rule) for patient, rule, _, _ in rows) == Counter(expected)
    keys = [key for _, _, key, _ in rows]
    assert None not in keys
    assert len(keys) == len(set(keys))
