"""A batch of a device: each item stands for itself, and sending the same batch twice changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge.answers import Answer
from edge.batch_items import BatchItem, read_items
from edge.batch_storing import Stored, store_measures
from edge.callers import KeyPrincipal
from edge.database import PLAN_ONCE, Database, Transaction, run, until_it_passes
from edge.devices import devices_named, note_use_of_keys
from edge.grouping import Group
from edge.live.publishing import Publisher
from edge.metrics import READINGS
from edge.patients import Asked, patients_named
from edge.payloads import Batch
from edge.posts import names_of, oldest_accepted
from edge.refusals import (
    Refused,
    budget_spent,
    not_their_device_text,
    not_with_this_key_text,
    unassigned_text,
    unknown_user_text,
)
from edge.slots import Slots, Spending
from edge.validation import validated
from readings.live import created_notices
from readings.rows import Outcome, ReadingRow
from readings.store.steps import store_steps
from tenancy.live import Notice


@dataclass(frozen=True, slots=True)
class SentBatch:
    principal: KeyPrincipal
    device_name: str
    items: list[Any]


class Batches:
    """Each is a transaction of its own: it has as many rows as a whole group of single posts."""

    def __init__(self, database: Database, slots: Slots, publisher: Publisher) -> None:
        self._database = database
        self._slots = slots
        self._publisher = publisher
        self._group: Group[SentBatch, Answer] = Group(self._store_each, name="batches", most=1, waiting=500, at_once=3)

    async def store(self, principal: KeyPrincipal, device_name: str, body: Any) -> Answer:
        batch = validated(Batch, body, place="body")
        return await self._group.ask(SentBatch(principal, device_name, batch.readings))

    async def finish(self) -> None:
        await self._group.finish()

    async def _store_each(self, batches: Sequence[SentBatch]) -> Sequence[Answer | Exception]:
        return [await self._store_within_budget(batch) for batch in batches]

    async def _store_within_budget(self, batch: SentBatch) -> Answer | Exception:
        spending = Spending(self._slots, len(batch.items))
        try:
            answer, notices = await until_it_passes(lambda: self._store_in_one(batch, spending))
        except BaseException:
            await spending.take_back()
            raise
        self._publisher.publish(batch.principal.organization_id, notices)
        if isinstance(answer, Answer):
            _count(answer.body)
        return answer

    async def _store_in_one(self, batch: SentBatch, spending: Spending) -> tuple[Answer | Exception, list[Notice]]:
        """What is returned was committed, exceptions too: that a key was used is noted."""
        organization_id = batch.principal.organization_id
        async with self._database.transaction([organization_id]) as transaction:
            transaction.defer(PLAN_ONCE)
            (device,) = await devices_named(transaction, [(organization_id, batch.device_name)])
            if device is None or not batch.principal.may_use_device(device.id):
                return Refused(not_with_this_key_text(batch.device_name)), []
            note_use_of_keys(transaction, [(organization_id, batch.principal.key_id)])
            if wait := await spending.spend((organization_id, device.id)):
                return budget_spent(batch.device_name, wait), []
            names, oldest = names_of(device, batch.device_name), oldest_accepted(batch.principal)
            items = read_items(batch.items, device_id=device.id, device_names=names, oldest=oldest)
            return await self._store(transaction, batch, items)

    async def _store(
        self, transaction: Transaction, batch: SentBatch, items: Sequence[BatchItem]
    ) -> tuple[Answer, list[Notice]]:
        organization_id = batch.principal.organization_id
        patients = await self._patients(transaction, batch, items)
        rows = {place: row for place, item in enumerate(items) if (row := _row(item, patients)) is not None}
        stored = await run(transaction, store_steps(list(rows.values()), [organization_id] * len(rows))) if rows else []
        results: dict[int, Stored] = dict(zip(rows, stored, strict=True))
        notices = created_notices(list(rows.values()), stored)
        if len(rows) < len(items):
            others, of_vitals = await store_measures(transaction, organization_id, items, heard=bool(rows))
            results |= others
            notices += of_vitals
        told = [
            {"index": place, **_told(batch.device_name, item, results.get(place))} for place, item in enumerate(items)
        ]
        counts = Counter(item["status"] for item in told)
        answer = Answer(
            {
                "accepted": counts["created"],
                "duplicates": counts["duplicate"],
                "rejected": counts["rejected"],
                "results": told,
            }
        )
        return answer, notices

    async def _patients(self, transaction: Transaction, batch: SentBatch, items: Sequence[BatchItem]) -> dict[str, int]:
        names = sorted({item.user for item in items if item.row is not None and item.user is not None})
        if not names:
            return {}
        asked = [Asked(batch.principal.organization_id, name) for name in names]
        found = zip(names, await patients_named(transaction, asked), strict=True)
        return {name: patient.id for name, patient in found if patient is not None}


def _row(item: BatchItem, patients: dict[str, int]) -> ReadingRow | None:
    if item.row is None or item.user is None:
        return item.row
    patient_id = patients.get(item.user)
    return None if patient_id is None else item.row._replace(expected_patient_id=patient_id)


def _count(body: dict[str, Any]) -> None:
    """After the commit: what is rolled back and tried again counts once."""
    for word, result in (("accepted", "created"), ("duplicates", "duplicate"), ("rejected", "rejected")):
        READINGS.labels("batch", result).inc(body[word])


def _without_none(told: dict[str, Any]) -> dict[str, Any]:
    """The device's own values have no ids."""
    return {name: value for name, value in told.items() if value is not None}


def _told(device_name: str, item: BatchItem, result: Stored | None) -> dict[str, Any]:
    if item.error:
        return {"status": "rejected", "error": item.error}
    if result is None:
        return {"status": "rejected", "error": unknown_user_text(item.user or "")}
    if result.outcome in (Outcome.CREATED, Outcome.DUPLICATE):
        return _without_none({"status": result.outcome.value, "id": result.public_id})
    if item.user is not None:
        return {"status": "rejected", "error": not_their_device_text(device_name, item.user)}
    return {"status": "rejected", "error": unassigned_text(device_name)}
