"""One reading of a device. Readings of many devices and clinics that arrive together are one transaction.

The order of the checks is part of the contract: key, body, slot, names, user, duplicate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg

from edge.answers import Answer
from edge.callers import KeyPrincipal
from edge.database import PLAN_ONCE, Database, Transaction, run, until_it_passes
from edge.devices import FoundDevice, devices_named, note_use_of_keys
from edge.grouping import Group
from edge.live.publishing import Publisher
from edge.metrics import READINGS
from edge.patients import Asked, patients_named
from edge.payloads import DeviceReading
from edge.refusals import (
    DEVICE_MISMATCH,
    Refused,
    already_stored,
    not_their_device_text,
    slot_taken,
    unknown_user_text,
)
from edge.slots import Slots
from readings.live import created_notice
from readings.rows import Outcome, ReadingRow, RowResult
from readings.store.steps import store_steps
from tenancy.api.errors import Conflict

# A device that measures somebody else now sends again what it measured of the person before: that is a duplicate.
REPEATED = """
SELECT sent.position
  FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(measured_at)s::timestamptz[],
              %(patient_id)s::bigint[], %(expected_patient_id)s::bigint[])
       WITH ORDINALITY AS sent (organization_id, device_id, measured_at, patient_id, expected_patient_id, position)
  JOIN readings_glucosereading reading
    ON reading.organization_id = sent.organization_id AND reading.patient_id = sent.patient_id
   AND reading.device_id = sent.device_id AND reading.measured_at = date_trunc('milliseconds', sent.measured_at)
  JOIN devices_assignment assignment
    ON assignment.organization_id = sent.organization_id AND assignment.device_id = sent.device_id
   AND assignment.patient_id = sent.expected_patient_id AND assignment.ends_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Post:
    principal: KeyPrincipal
    device_name: str
    sent: DeviceReading
    timestamp: str


@dataclass(slots=True)
class Sorted:
    """What becomes of a group of posts, by place. ``slots``: the devices whose slot was taken with ``token``.

    Slots are asked for once, and what they refused (``throttled``) stays refused when the transaction is tried again.
    """

    answers: dict[int, Answer | Exception] = field(default_factory=dict)
    slots: dict[int, tuple[int, int]] = field(default_factory=dict)
    throttled: dict[int, Exception] = field(default_factory=dict)
    token: str = ""
    rows: dict[int, ReadingRow] = field(default_factory=dict)


def oldest_accepted(principal: KeyPrincipal) -> datetime | None:
    """The clinic's own limit to the age of a reading when it arrives; None where it sets none."""
    hours = principal.reading_max_age_hours
    return None if hours is None else datetime.now(UTC) - timedelta(hours=hours)


def names_of(device: FoundDevice, device_name: str) -> frozenset[str]:
    """What a body may call the device of the URL."""
    return frozenset({device_name, device.code, str(device.public_id)})


class SinglePosts:
    def __init__(self, database: Database, slots: Slots, publisher: Publisher) -> None:
        self._database = database
        self._slots = slots
        self._publisher = publisher
        # While the database stores one group, this process reads and answers the others: of one large group each side
        # would wait for the other.
        self._group: Group[Post, Answer] = Group(self._store_group, name="posts", most=32, waiting=5_000, at_once=3)

    async def store(self, post: Post) -> Answer:
        return await self._group.ask(post)

    async def finish(self) -> None:
        await self._group.finish()

    async def _store_group(self, posts: Sequence[Post]) -> Sequence[Answer | Exception]:
        result = Sorted()
        try:
            await until_it_passes(lambda: self._store_together(posts, result))
        except BaseException as error:
            await self._give_back(result, range(len(posts)))
            is_about_a_row = isinstance(error, psycopg.Error) and not isinstance(error, psycopg.OperationalError)
            if not is_about_a_row or len(posts) == 1:
                raise
            # A row that the database refuses must not fail its neighbours: each by itself.
            return [answer for post in posts for answer in await self._alone(post)]
        self._publish(posts, result)
        _count(result.answers.values())
        unstored = [place for place in range(len(posts)) if not isinstance(result.answers[place], Answer)]
        await self._give_back(result, unstored)
        return [result.answers[place] for place in range(len(posts))]

    def _publish(self, posts: Sequence[Post], result: Sorted) -> None:
        now = datetime.now(UTC)
        for place, row in result.rows.items():
            if isinstance(result.answers[place], Answer):
                self._publisher.publish(posts[place].principal.organization_id, [created_notice(row, now)])

    async def _alone(self, post: Post) -> Sequence[Answer | Exception]:
        try:
            return await self._store_group([post])
        except psycopg.Error as error:
            return [error]

    async def _store_together(self, posts: Sequence[Post], result: Sorted) -> None:
        organizations = {post.principal.organization_id for post in posts}
        async with self._database.transaction(organizations) as transaction:
            await self._store(transaction, posts, result)

    async def _store(self, transaction: Transaction, posts: Sequence[Post], result: Sorted) -> None:
        transaction.defer(PLAN_ONCE)
        devices = await devices_named(transaction, [(p.principal.organization_id, p.device_name) for p in posts])
        result.answers = dict(result.throttled)
        opened = self._opened(posts, devices, result)
        if not result.token:
            await self._take_slots(posts, opened, result)
        note_use_of_keys(
            transaction, [(posts[place].principal.organization_id, posts[place].principal.key_id) for place in opened]
        )
        rows = result.rows = await self._rows(transaction, posts, opened, result)
        if not rows:
            return
        places = list(rows)
        owners = [posts[place].principal.organization_id for place in places]
        stored = await run(transaction, store_steps([rows[place] for place in places], owners))
        results = dict(zip(places, stored, strict=True))
        repeated = await self._repeated(transaction, posts, rows, results)
        for place, outcome in results.items():
            result.answers[place] = _answer(posts[place], outcome, is_repeated=place in repeated)

    def _opened(
        self, posts: Sequence[Post], devices: Sequence[FoundDevice | None], result: Sorted
    ) -> dict[int, FoundDevice]:
        """The devices that their keys may use; the posts to others are answered."""
        opened = {}
        for place, (post, device) in enumerate(zip(posts, devices, strict=True)):
            if place in result.answers:
                continue
            if device is not None and post.principal.may_use_device(device.id):
                opened[place] = device
            elif post.sent.device_id != post.device_name:
                result.answers[place] = Refused(DEVICE_MISMATCH)
            else:
                result.answers[place] = Refused(not_their_device_text(post.device_name, post.sent.user_id))
        return opened

    async def _take_slots(self, posts: Sequence[Post], opened: dict[int, FoundDevice], result: Sorted) -> None:
        places = list(opened)
        devices = [(posts[place].principal.organization_id, opened[place].id) for place in places]
        taken = await self._slots.take(devices)
        result.token = taken.token
        for number, place in enumerate(places):
            if wait := taken.waits.get(number):
                result.throttled[place] = slot_taken(posts[place].device_name, wait)
            else:
                result.slots[place] = devices[number]
        result.answers |= result.throttled

    async def _rows(
        self, transaction: Transaction, posts: Sequence[Post], opened: dict[int, FoundDevice], result: Sorted
    ) -> dict[int, ReadingRow]:
        named = {}
        for place, device in opened.items():
            if place in result.answers:
                continue
            if posts[place].sent.device_id in names_of(device, posts[place].device_name):
                named[place] = device
            else:
                result.answers[place] = Refused(DEVICE_MISMATCH)
        if not named:
            return {}
        asked = [Asked(posts[place].principal.organization_id, posts[place].sent.user_id) for place in named]
        rows = {}
        for (place, device), patient in zip(named.items(), await patients_named(transaction, asked), strict=True):
            if patient is None:
                result.answers[place] = Refused(unknown_user_text(posts[place].sent.user_id))
            else:
                rows[place] = posts[place].sent.row(device.id)._replace(expected_patient_id=patient.id)
        return rows

    async def _repeated(
        self,
        transaction: Transaction,
        posts: Sequence[Post],
        rows: dict[int, ReadingRow],
        results: dict[int, RowResult],
    ) -> set[int]:
        asked = [place for place, outcome in results.items() if outcome.outcome is Outcome.OTHER_PATIENT]
        if not asked:
            return set()
        found = await transaction.fetch(
            REPEATED,
            {
                "organization_id": [posts[place].principal.organization_id for place in asked],
                "device_id": [rows[place].device_id for place in asked],
                "measured_at": [rows[place].measured_at for place in asked],
                "patient_id": [results[place].patient_id for place in asked],
                "expected_patient_id": [rows[place].expected_patient_id for place in asked],
            },
        )
        return {asked[position - 1] for (position,) in found}

    async def _give_back(self, result: Sorted, places: Sequence[int]) -> None:
        await self._slots.give_back(result.token, [result.slots[place] for place in places if place in result.slots])


def _count(answers: Iterable[Answer | Exception]) -> None:
    for result, number in Counter(map(_result_of, answers)).items():
        READINGS.labels("single", result).inc(number)


def _result_of(answer: Answer | Exception) -> str:
    if isinstance(answer, Answer):
        return "created"
    return "duplicate" if isinstance(answer, Conflict) else "rejected"


def _answer(post: Post, result: RowResult, *, is_repeated: bool) -> Answer | Exception:
    if result.outcome is Outcome.CREATED:
        message = "Glucose reading saved successfully"
        return Answer({"status": "processed", "id": result.public_id, "message": message}, 201)
    if result.outcome is Outcome.DUPLICATE or is_repeated:
        return already_stored(post.device_name, post.timestamp)
    return Refused(not_their_device_text(post.device_name, post.sent.user_id))
