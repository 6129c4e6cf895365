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
from edge.devices import FoundDevice, devices_named, note_use_of_keys
from edge.grouping import Group
from edge.refusals import Refused, log_budget_spent, not_with_this_key_text
from edge.requests import Request
from edge.slots import LOG_ENTRIES, DeviceKey, Slots
from edge.validation import validated
from readings.store.arrays import documents, instants, numbers


@dataclass(slots=True)
class SentLog:
    """``spent``: the device whose budget was spent for it, once, however often the transaction is tried."""

    principal: KeyPrincipal
    device_name: str
    entries: list[LogEntry]
    spent: DeviceKey | None = None


class DeviceLogs:
    def __init__(self, database: Database, slots: Slots) -> None:
        self._database = database
        self._slots = slots
        self._group: Group[SentLog, Answer] = Group(self._store_group, name="logs", most=8, waiting=500)

    async def post(self, request: Request, principal: KeyPrincipal) -> Answer:
        body = validated(LogEntries, await request.json(), place="body")
        return await self._group.ask(SentLog(principal, request.parameters["deviceId"], body.entries))

    async def finish(self) -> None:
        await self._group.finish()

    async def _store_group(self, logs: Sequence[SentLog]) -> Sequence[Answer | Exception]:
        try:
            return await until_it_passes(lambda: self._store_together(logs))
        except BaseException:
            for log in logs:
                if log.spent is not None:
                    await self._slots.refund_items(log.spent, len(log.entries), of=LOG_ENTRIES)
            raise

    async def _store_together(self, logs: Sequence[SentLog]) -> Sequence[Answer | Exception]:
        answers: list[Answer | Exception] = []
        taken: list[tuple[DeviceKey, SentLog]] = []
        async with self._database.transaction({log.principal.organization_id for log in logs}) as transaction:
            transaction.defer(PLAN_ONCE)
            found = await devices_named(transaction, [(log.principal.organization_id, log.device_name) for log in logs])
            for log, device in zip(logs, found, strict=True):
                answers.append(await self._take(log, device, taken))
            note_use_of_keys(transaction, [(log.principal.organization_id, log.principal.key_id) for _, log in taken])
            if taken:
                await _store(transaction, taken)
        return answers

    async def _take(
        self, log: SentLog, device: FoundDevice | None, taken: list[tuple[DeviceKey, SentLog]]
    ) -> Answer | Exception:
        if device is None or not log.principal.may_use_device(device.id):
            return Refused(not_with_this_key_text(log.device_name))
        key = (log.principal.organization_id, device.id)
        if log.spent is None:
            if wait := await self._slots.spend_items(key, len(log.entries), of=LOG_ENTRIES):
                return log_budget_spent(log.device_name, wait)
            log.spent = key
        taken.append((key, log))
        return Answer({"accepted": len(log.entries)}, 202)


async def _store(transaction: Transaction, taken: Sequence[tuple[DeviceKey, SentLog]]) -> None:
    entries: dict[DeviceKey, list[LogEntry]] = {}
    for key, log in taken:
        entries.setdefault(key, []).extend(log.entries)
    amounts = [len(sent) for sent in entries.values()]
    counted = await transaction.fetch(COUNT_ENTRIES, {**_devices(list(entries)), "amount": numbers(amounts)})
    ends = {(organization, device): logged for organization, device, logged in counted}
    rows = [
        (key, number, entry)
        for key, sent in entries.items()
        for number, entry in enumerate(sent, start=ends[key] - len(sent) + 1)
    ]
    columns: dict[str, Any] = {
        **_devices([key for key, _, _ in rows]),
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
        transaction.defer(FORGET_ENTRIES, {**_devices([key for key, _ in full]), "upto": upto})


def _devices(keys: Sequence[DeviceKey]) -> dict[str, Any]:
    return {"organization_id": numbers([key[0] for key in keys]), "device_id": numbers([key[1] for key in keys])}
