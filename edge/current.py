"""The newest reading of a patient, with trend and age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from rest_framework.exceptions import NotFound

from accounts.principals import PersonPrincipal
from edge.answers import Answer
from edge.database import Database, Transaction
from edge.grouping import Group
from edge.looks import Look, Looks
from edge.patients import FIND, asked_by, columns_of, for_asker
from edge.queries import NoQuery, read_query
from edge.requests import Request
from edge.shapes import reading_extras, reading_item
from readings.models import reading_public_text

# The kind of look that the route names.
CURRENT = "readings.current"
# Each asker's patient as everywhere, with the state beside it. LATERAL with a LIMIT for the reason that FIND has.
FIND_STATES = f"""
SELECT found.position, found.id, found.code, state.*
  FROM ({FIND}) found
  CROSS JOIN LATERAL (
    SELECT state.measured_at, state.glucose, state.range_flag, state.quality, state.confidence::float8,
           state.battery_level, state.sensor_data::text, state.received_at, state.trend, state.rate,
           device.code AS device_code, device.public_number
      FROM readings_patientstate state
      JOIN devices_device device
        ON device.organization_id = found.organization_id AND device.id = state.device_id
     WHERE state.organization_id = found.organization_id AND state.patient_id = found.id
     LIMIT 1
  ) state
"""  # noqa: S608  a statement of ours


class PatientNow(NamedTuple):
    id: int
    code: str
    measured_at: datetime
    glucose: int
    range_flag: int
    quality: int | None
    confidence: float | None
    battery_level: int | None
    sensor_json: str | None
    received_at: datetime
    trend: int
    rate: float | None
    device_code: str
    device_number: int

    @property
    def sensor_data(self) -> msgspec.Raw | None:
        """As the database writes it, since nobody looks into it on its way."""
        return None if self.sensor_json is None else msgspec.Raw(self.sensor_json)


class Question(NamedTuple):
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
            found = await _find(transaction, questions)
            looks = [
                Look(question.request, question.principal, CURRENT, patient.code, patient.id)
                for question, patient in zip(questions, found, strict=True)
                if isinstance(patient, PatientNow)
            ]
            written = await self._looks.write(transaction, looks)
        await self._looks.cover(written)
        now = datetime.now(UTC)
        return [_answer(patient, now) if isinstance(patient, PatientNow) else patient for patient in found]


async def _find(transaction: Transaction, questions: Sequence[Question]) -> list[PatientNow | NotFound]:
    """For each question the patient whom the asker may see; one who was never measured is not found either."""
    asked = [asked_by(question.principal, question.name) for question in questions]
    rows = await transaction.fetch(FIND_STATES, columns_of(asked))
    measured = {position: PatientNow(*rest) for position, *rest in rows}
    return [
        for_asker(question.principal, question.name, measured.get(number))
        for number, question in enumerate(questions, start=1)
    ]


def _answer(state: PatientNow, now: datetime) -> Answer:
    public_id = reading_public_text(state.measured_at, state.device_number)
    age = max(int((now - state.measured_at).total_seconds()), 0)
    item = reading_item(state, public_id=public_id, patient_code=state.code, device_code=state.device_code)
    item |= reading_extras(state, trend=state.trend, rate=state.rate)
    item["ageSeconds"] = age
    return Answer(item)
