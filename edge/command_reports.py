"""How a command went, as its device says it. A report that is repeated gets the same answer."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from rest_framework.exceptions import NotFound

from devices.commands.models import Status
from devices.commands.statements import REPORT, REPORTED
from devices.commands.steps import OPEN, may_become, updated
from edge.answers import Answer
from edge.callers import KeyPrincipal
from edge.database import PLAN_ONCE, Database, Transaction, until_it_passes
from edge.devices import devices_of_keys
from edge.grouping import Group
from edge.instants import spoken
from edge.live.publishing import Publisher
from edge.queries import NoQuery, read_query
from edge.requests import Request
from edge.slots import DeviceKey
from edge.validation import validated
from readings.store.arrays import device_columns, documents, names, numbers
from tenancy.api.errors import Conflict
from tenancy.api.lookups import uuid_or_404
from tenancy.live import Notice

LARGEST_RESULT = 16_384
LONGEST_ERROR = 1_000


def _small(result: Any) -> Any:
    if len(msgspec.json.encode(result)) > LARGEST_RESULT:
        raise PydanticCustomError("too_long", "A result takes 16 KB at most")
    return result


class Report(BaseModel):
    model_config = ConfigDict(strict=True)

    status: Literal["executing", "completed", "failed"]
    result: Annotated[Any, AfterValidator(_small)] = None
    error: str = Field(default="", max_length=LONGEST_ERROR)

    @model_validator(mode="after")
    def _of_an_end(self) -> Report:
        if self.status == "executing" and (self.result is not None or self.error):
            raise PydanticCustomError("early", "Send result and error with completed or failed")
        return self


@dataclass(frozen=True, slots=True)
class Said:
    principal: KeyPrincipal
    device_name: str
    command_id: uuid.UUID
    report: Report


@dataclass(frozen=True, slots=True)
class Found:
    """A command as it stands, and as the reports of this group leave it."""

    id: int
    status: str
    expires_at: datetime
    attempt: int
    type: str
    result: Any
    error: str
    retries: int
    retry_delay_seconds: int

    def after(self, report: Report) -> Found:
        return replace(self, status=report.status, result=report.result, error=report.error)

    def next_step_at(self, now: datetime) -> datetime | None:
        if self.status == Status.EXECUTING:
            return self.expires_at
        is_tried_again = self.status == Status.FAILED and self.attempt < self.retries
        return now + timedelta(seconds=self.retry_delay_seconds) if is_tried_again else None


# A device and one of its commands.
Name = tuple[DeviceKey, uuid.UUID]


class CommandReports:
    def __init__(self, database: Database, publisher: Publisher) -> None:
        self._database = database
        self._publisher = publisher
        self._group: Group[Said, Answer] = Group(self._hear, name="command reports", most=32, waiting=5_000)

    async def put(self, request: Request, principal: KeyPrincipal) -> Answer:
        read_query(request, NoQuery)
        report = validated(Report, await request.json(), place="body")
        command_id = uuid_or_404(request.parameters["commandId"])
        return await self._group.ask(Said(principal, request.parameters["deviceId"], command_id, report))

    async def finish(self) -> None:
        await self._group.finish()

    async def _hear(self, group: Sequence[Said]) -> Sequence[Answer | Exception]:
        return await until_it_passes(lambda: self._hear_together(group))

    async def _hear_together(self, group: Sequence[Said]) -> Sequence[Answer | Exception]:
        now = datetime.now(UTC)
        async with self._database.transaction({said.principal.organization_id for said in group}) as transaction:
            transaction.defer(PLAN_ONCE)
            keys = await devices_of_keys(transaction, [(said.principal, said.device_name) for said in group])
            named = [None if key is None else (key, said.command_id) for said, key in zip(group, keys, strict=True)]
            found = await _commands_named(transaction, [name for name in named if name is not None])
            answers, changed = _decide(group, named, found, now)
            await _write(transaction, changed, found, now)
        for organization, notice in _news(changed, found, now):
            self._publisher.publish(organization, [notice])
        return answers


async def _commands_named(transaction: Transaction, asked: Sequence[Name]) -> dict[Name, Found]:
    if not asked:
        return {}
    rows = await transaction.fetch(
        REPORTED,
        {
            **device_columns([key for key, _ in asked]),
            "public_id": names([command_id for _, command_id in asked]),
        },
    )
    return {asked[row[0] - 1]: _found(*row[1:]) for row in rows}


def _found(*columns: Any) -> Found:
    command = Found(*columns)
    return command if command.result is None else replace(command, result=json.loads(command.result))


def _decide(
    group: Sequence[Said], named: Sequence[Name | None], found: dict[Name, Found], now: datetime
) -> tuple[list[Answer | Exception], dict[Name, str]]:
    """The answers, and by whose key each command changed. ``found`` becomes what the reports leave."""
    answers: list[Answer | Exception] = []
    changed: dict[Name, str] = {}
    for said, name in zip(group, named, strict=True):
        command = None if name is None else found.get(name)
        if name is None or command is None:
            answers.append(NotFound())
        elif refusal := _refusal(command, said.report, now):
            answers.append(refusal)
        else:
            if command.status != said.report.status:
                found[name], changed[name] = command.after(said.report), said.principal.key_name
            answers.append(_confirmation(said.command_id, found[name]))
    return answers, changed


def _refusal(command: Found, report: Report, now: datetime) -> Conflict | None:
    if command.status == report.status:
        is_same = command.result == report.result and command.error == report.error
        return None if is_same else Conflict(f"The command was reported as {command.status} with another result.")
    has_expired = command.status in OPEN and command.expires_at <= now
    if command.status == Status.TIMEOUT or has_expired:
        return Conflict(f"The command expired at {spoken(command.expires_at)}.")
    if may_become(command.status, report.status):
        return None
    return Conflict(f"The command is {command.status}: it cannot become {report.status}.")


def _confirmation(command_id: uuid.UUID, command: Found) -> Answer:
    body = {"id": str(command_id), "type": command.type, "status": command.status, "retryAttempt": command.attempt}
    return Answer(body)


async def _write(transaction: Transaction, changed: dict[Name, str], found: dict[Name, Found], now: datetime) -> None:
    if not changed:
        return
    commands = [found[name] for name in changed]
    steps = [command.next_step_at(now) for command in commands]
    await transaction.fetch(
        REPORT,
        {
            "organization_id": numbers([key[0] for key, _ in changed]),
            "id": numbers([command.id for command in commands]),
            "status": names([command.status for command in commands]),
            "result": documents([command.result for command in commands]),
            "error": [command.error for command in commands],
            "next_step_at": names([None if step is None else step.isoformat() for step in steps]),
            "by": list(changed.values()),
        },
    )


def _news(changed: dict[Name, str], found: dict[Name, Found], now: datetime) -> Iterator[tuple[int, Notice]]:
    for name in changed:
        (organization, device), command_id = name
        command = found[name]
        yield organization, updated(device, str(command_id), command.type, command.status, command.attempt, now)
