"""Callers of twenty clinics ask at one moment and share transactions: each gets its own answer and nothing else."""

from __future__ import annotations

import asyncio
import os
import random
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

import edge.current
import edge.devices
import edge.patients
from edge.current import CurrentValues
from edge.tests.asking import Reply, ask, pooled_edge
from edge.tests.network import CLINICS, DEVICES, READINGS_BEFORE, NetworkClinic, make_network
from edge.tests.questions import Expected, Question, Round
from readings.models import read_public_id
from tenancy.redis import limits_client
from tests.databases import empty_as_owner

pytestmark = pytest.mark.promise(1, 2, 7)
ROUNDS = 8
# So many clinics in one transaction at least: otherwise callers did not share any, and nothing was shown.
TOGETHER = 10
STORED = """
    SELECT reading.organization_id, patient.code, device.code, reading.glucose, count(*)
      FROM readings_glucosereading reading
      JOIN patients_patient patient ON patient.id = reading.patient_id
      JOIN devices_device device ON device.id = reading.device_id
     GROUP BY 1, 2, 3, 4
"""
STATES = """
    SELECT state.organization_id, patient.code, device.code, state.glucose
      FROM readings_patientstate state
      JOIN patients_patient patient ON patient.id = state.patient_id
      JOIN devices_device device ON device.id = state.device_id
"""
DIRTY = "SELECT DISTINCT organization_id, patient_id FROM readings_dirtyday"
LEDGER = """
    SELECT organization_id, actor_id, COALESCE(patient_ids, ARRAY[patient_id]) FROM audit_entry
     WHERE object_type LIKE 'readings.%%' OR action = 'denied'
"""


@pytest.fixture(scope="module")
def network(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[NetworkClinic]]:
    """Committed: the data plane has connections of its own."""
    with django_db_blocker.unblock():
        yield make_network()
        empty_as_owner()


def test_each_of_200_callers_gets_its_own_answer(network: list[NetworkClinic]) -> None:
    callers = [caller for clinic in network for caller in clinic.callers]
    assert len(callers) == CLINICS * 10
    rounds = [Round(random.Random(seed), callers) for seed in range(ROUNDS)]
    faults, most_clinics = asyncio.run(faults_of(network, rounds))
    assert faults == []
    assert most_clinics >= TOGETHER
    asked = Counter(question.kind for one in rounds for question in one.questions)
    assert min(asked.values()) > 10, asked
    assert what_went_elsewhere(network, rounds) == []


@pytest.mark.parametrize(
    ("module", "name"), [(edge.patients, "FIND"), (edge.devices, "FIND"), (edge.current, "FIND_STATES")]
)
def test_a_statement_that_forgets_the_clinic_is_seen(
    network: list[NetworkClinic], monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    """The policies let all clinics of a group through: only what is compared here tells them apart."""
    clinic = r"\w+\.organization_id = (asked|known|found)\.organization_id"
    forgetful, holes = re.subn(clinic, "true", getattr(module, name))
    assert holes
    monkeypatch.setattr(module, name, forgetful)
    assert faults_of_one_round(network)


def test_answers_that_went_to_a_neighbour_are_seen(
    network: list[NetworkClinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = CurrentValues._answer_together

    async def rotated(self: CurrentValues, questions: Any) -> Any:
        answers = await right(self, questions)
        return [*answers[1:], *answers[:1]]

    monkeypatch.setattr(CurrentValues, "_answer_together", rotated)
    assert faults_of_one_round(network)


def faults_of_one_round(network: list[NetworkClinic]) -> list[str]:
    callers = [caller for clinic in network for caller in clinic.callers]
    return asyncio.run(faults_of(network, [Round(random.Random(0), callers)]))[0]


async def faults_of(network: list[NetworkClinic], rounds: list[Round]) -> tuple[list[str], int]:
    """And the clinics of the fullest transaction."""
    found: list[str] = []
    async with pooled_edge() as (plane, database):
        for one in rounds:
            free_slots(network)
            replies = await asyncio.gather(*(ask(plane, question.sent) for question in one.questions))
            for question, reply in zip(one.questions, replies, strict=True):
                found += [f"{question}: {fault}" for fault in faults_of_reply(question, reply)]
    return found, database.most_clinics


def free_slots(network: list[NetworkClinic]) -> None:
    """As if the interval between two readings had passed."""
    devices = [(clinic.organization.id, device.id) for clinic in network for device in clinic.devices.values()]
    limits_client().delete(*(f"readings:slot:{organization}:{device}" for organization, device in devices))


def faults_of_reply(question: Question, reply: Reply) -> Iterator[str]:
    expected: Expected = question.expected
    if reply.status != expected.status:
        yield f"{reply.status} {reply.body}"
        return
    if expected.detail is not None and reply.body != {"detail": expected.detail}:
        yield f"says {reply.body}"
    values = set(named(reply.body, "glucoseValue", "min", "max", "avg"))
    if values != expected.values:
        yield f"has the values {values}"
    if not set(named(reply.body, "userId")) <= expected.patients:
        yield f"is of {set(named(reply.body, 'userId'))}"
    numbers = {device.public_number for device in question.caller.clinic.devices.values()}
    for text in named(reply.body, "id"):
        if (read_public_id(uuid.UUID(text)) or (None, None))[1] not in numbers:
            yield f"names the reading {text} of no device of the clinic"


def named(body: Any, *names: str) -> Iterator[Any]:
    """The values under these names, at any depth."""
    if isinstance(body, list):
        for item in body:
            yield from named(item, *names)
    elif isinstance(body, dict):
        for name, value in body.items():
            if name in names:
                yield value
            else:
                yield from named(value, *names)


def what_went_elsewhere(network: list[NetworkClinic], rounds: list[Round]) -> list[str]:
    expected = rows_expected(network, rounds)
    newest = {place for place in expected if place[2] != "ARGUS_003579"}
    patients = {clinic.organization.id: {patient.pk for patient in clinic.patients.values()} for clinic in network}
    actors = {clinic.organization.id: clinic.actors for clinic in network}
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        stored = {tuple(place): number for *place, number in owner.execute(STORED)}
        states = {tuple(row) for row in owner.execute(STATES)}
        dirty, looks = owner.execute(DIRTY).fetchall(), owner.execute(LEDGER).fetchall()
    assert len(looks) > 100
    places = {place for place in stored.keys() | expected.keys() if stored.get(place) != expected.get(place)}
    return [
        *(f"{place}: {stored.get(place)}, not {expected.get(place)}" for place in places),
        *(f"the state {state}" for state in states ^ newest),
        *(f"the dirty day {day}" for day in dirty if day[1] not in patients[day[0]]),
        *(
            f"the ledger of {organization} has {actor} and {seen}"
            for organization, actor, seen in looks
            if actor not in actors[organization] or not set(seen) - {None} <= patients[organization]
        ),
    ]


def rows_expected(network: list[NetworkClinic], rounds: list[Round]) -> Counter[tuple[Any, ...]]:
    expected: Counter[tuple[Any, ...]] = Counter()

    def add(clinic: NetworkClinic, device: str, number: int) -> None:
        patient = DEVICES[device]
        expected[clinic.organization.id, patient, device, clinic.value_of(patient)] += number

    for clinic in network:
        for device in list(DEVICES)[:2]:
            add(clinic, device, READINGS_BEFORE)
    for question in (question for one in rounds for question in one.questions):
        if question.expected.stores:
            add(question.caller.clinic, *question.expected.stores)
    return expected
