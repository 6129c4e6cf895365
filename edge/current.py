"""The newest reading of a patient, with trend and age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from accounts.principals import PersonPrincipal
from audit.store import NewEntry
from edge.answers import Answer
from edge.database import Database, Transaction
from edge.grouping import Group
from edge.looks import Looks, look
from edge.patients import FoundPatient, PatientQuestion, find_patients, no_readings
from edge.queries import NoQuery, read_query
from edge.requests import Request
from edge.shapes import reading_extras, reading_item
from readings.models import reading_public_id

# The kind of look that the route names.
CURRENT = "readings.current"
STATES = """
SELECT asked.position, state.measured_at, state.glucose, state.range_flag, state.quality, state.confidence,
       state.battery_level, state.sensor_data, state.received_at, state.trend, state.rate, device.code,
       device.public_number
  FROM unnest(%(organization_id)s::bigint[], %(patient_id)s::bigint[])
       WITH ORDINALITY AS asked (organization_id, patient_id, position)
  JOIN readings_patientstate state
    ON state.organization_id = asked.organization_id AND state.patient_id = asked.patient_id
  JOIN devices_device device
    ON device.organization_id = state.organization_id AND device.id = state.device_id
"""


@dataclass(frozen=True, slots=True)
class State:
    measured_at: datetime
    glucose: int
    range_flag: int
    quality: int | None
    confidence: Decimal | None
    battery_level: int | None
    sensor_data: dict[str, Any] | None
    received_at: datetime
    trend: int
    rate: float | None
    device_code: str
    device_number: int


@dataclass(frozen=True, slots=True)
class Question:
    request: Request
    principal: PersonPrincipal
    name: str


class CurrentValues:
    def __init__(self, database: Database, looks: Looks) -> None:
        self._database = database
        self._looks = looks
        self._group: Group[Question, Answer] = Group(self._answer_together, name="current", most=200, waiting=10_000)

    async def get(self, request: Request, principal: PersonPrincipal) -> Answer:
        read_query(request, NoQuery)
        return await self._group.ask(Question(request, principal, request.parameters["userId"]))

    async def finish(self) -> None:
        await self._group.finish()

    async def _answer_together(self, questions: Sequence[Question]) -> Sequence[Answer | Exception]:
        organizations = {question.principal.organization_id for question in questions}
        async with self._database.transaction(organizations) as transaction:
            asked = [PatientQuestion(question.principal, question.name) for question in questions]
            patients = await find_patients(transaction, asked)
            states = await self._states(transaction, questions, patients)
            written = await self._looks.write(transaction, _looks(questions, patients, states))
        await self._looks.cover(written)
        return [
            _answer(question, patient, states.get(number))
            for number, (question, patient) in enumerate(zip(questions, patients, strict=True))
        ]

    async def _states(
        self, transaction: Transaction, questions: Sequence[Question], patients: Sequence[FoundPatient | Exception]
    ) -> dict[int, State]:
        """By the number of the question."""
        asked = [
            (number, question.principal.organization_id, patient.id)
            for number, (question, patient) in enumerate(zip(questions, patients, strict=True))
            if isinstance(patient, FoundPatient)
        ]
        if not asked:
            return {}
        parameters = {"organization_id": [row[1] for row in asked], "patient_id": [row[2] for row in asked]}
        rows = await transaction.fetch(STATES, parameters)
        return {asked[position - 1][0]: State(*rest) for position, *rest in rows}


def _looks(
    questions: Sequence[Question], patients: Sequence[FoundPatient | Exception], states: dict[int, State]
) -> list[NewEntry]:
    return [
        look(question.request, question.principal, kind=CURRENT, object_id=patient.code, patient_id=patient.id)
        for number, (question, patient) in enumerate(zip(questions, patients, strict=True))
        if isinstance(patient, FoundPatient) and number in states
    ]


def _answer(question: Question, patient: FoundPatient | Exception, state: State | None) -> Answer | Exception:
    if not isinstance(patient, FoundPatient):
        return patient
    if state is None:
        return no_readings(question.name)
    public_id = reading_public_id(state.measured_at, state.device_number)
    age = max(int((datetime.now(UTC) - state.measured_at).total_seconds()), 0)
    return Answer(
        {
            **reading_item(state, public_id=public_id, patient_code=patient.code, device_code=state.device_code),
            **reading_extras(state, trend=state.trend, rate=state.rate),
            "ageSeconds": age,
        }
    )
