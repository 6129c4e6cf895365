"""Logs of devices: kept for the clinic's staff, bounded for each device. Their text never enters our own logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from devices.fleet.statements import COUNT_ENTRIES, FORGET_ENTRIES, STORE_ENTRIES
from edge.answers import Answer
from edge.callers import KeyPrincipal
from edge.database import PLAN_ONCE, Database, Transaction, until_it_passes
from edge.device_payloads import LEVELS, LogEntries, LogEntry
from edge.devices import devices_of_keys
from edge.grouping import Group
from edge.refusals import Refused, log_budget_spent, not_with_this_key_text
from edge.requests import Request
from edge.slots import LOG_ENTRIES, DeviceKey, Slots, Spending
from edge.validation import validated
from readings.store.arrays import device_columns, documents, instants, numbers


@dataclass(slots=True)
class SentLog:
    principal: KeyPrincipal
    device_name: str
    entries: list[LogEntry]
    spending: Spending


class DeviceLogs:
    def __init__(self, database: Database, slots: Slots) -> None:
        self._database = database
        self._slots = slots
        self._group: Group[SentLog, Answer] = Group(self._store_group, name="logs", most=8, waiting=500)

    async def post(self, request: Request, principal: KeyPrincipal) -> Answer:
        body = validated(LogEntries, await request.json(), place="body")
        spending = Spending(self._slots, len(body.entries), of=LOG_ENTRIES)
        return await self._group.ask(SentLog(principal, request.parameters["deviceId"], body.entries, spending))

    async def finish(self) -> None:
        await self._group.finish()

    async def _store_group(self, logs: Sequence[SentLog]) -> Sequence[Answer | Exception]:
        try:
            return await until_it_passes(lambda: self._store_together(logs))
        except BaseException:
            for log in logs:
                await log.spending.take_back()
            raise

    async def _store_together(self, logs: Sequence[SentLog]) -> Sequence[Answer | Exception]:
        answers: list[Answer | Exception] = []
        taken: list[tuple[DeviceKey, SentLog]] = []
        async with self._database.transaction({log.principal.organization_id for log in logs}) as transaction:
            transaction.defer(PLAN_ONCE)
            keys = await devices_of_keys(transaction, [(log.principal, log.device_name) for log in logs])
            for log, key in zip(logs, keys, strict=True):
                answers.append(await _take(log, key, taken))
            if taken:
                await _store(transaction, taken)
        return answers


async def _take(log: SentLog, key: DeviceKey | None, taken: list[tuple[DeviceKey, SentLog]]) -> Answer | Exception:
    if key is None:
        return Refused(not_with_this_key_text(log.device_name))
    if wait := await log.spending.spend(key):
        return log_budget_spent(log.device_name, wait)
    taken.append((key, log))
    return Answer({"accepted": len(log.entries)}, 202)


async def _store(transaction: Transaction, taken: Sequence[tuple[DeviceKey, SentLog]]) -> None:
    entries: dict[DeviceKey, list[LogEntry]] = {}
    for key, log in taken:
        entries.setdefault(key, []).extend(log.entries)
    amounts = [len(sent) for sent in entries.values()]
    counted = await transaction.fetch(COUNT_ENTRIES, {**device_columns(list(entries)), "amount": numbers(amounts)})
    ends = {(organization, device): logged for organization, device, logged in counted}
    rows = [
        (key, number, entry)
        for key, sent in entries.items()
        for number, entry in enumerate(sent, start=ends[key] - len(sent) + 1)
    ]
    columns: dict[str, Any] = {
        **device_columns([key for key, _, _ in rows]),
        "number": numbers([number for _, number, _ in rows]),
        "logged_at": instants(entry.at for _, _, entry in rows),
        "level": numbers([LEVELS[entry.level] for _, _, entry in rows]),
        "message": [entry.message for _, _, entry in rows],
        "context": documents(entry.context for _, _, entry in rows),
    }
    transaction.defer(STORE_ENTRIES, columns)
    full = [(key, end - settings.DEVICE_LOG_ENTRIES) for key, end in ends.items() if end > settings.DEVICE_LOG_ENTRIES]
    if full:
        upto = numbers([last for _, last in full])
        transaction.defer(FORGET_ENTRIES, {**device_columns([key for key, _ in full]), "upto": upto})
