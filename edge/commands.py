"""What a device is to do: it fetches its commands here.

Two who ask for one device at the same time get each command once; one that is never reported is given again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from rest_framework.exceptions import NotFound

from devices.commands.models import Status
from devices.commands.statements import CLAIM
from devices.commands.steps import updated
from edge.answers import Answer
from edge.callers import KeyPrincipal
from edge.database import PLAN_ONCE, Database, Transaction, until_it_passes
from edge.devices import devices_of_keys
from edge.grouping import Group
from edge.instants import spoken
from edge.live.publishing import Publisher
from edge.metrics import COMMANDS
from edge.queries import CommandQuery, read_query
from edge.requests import Request
from edge.slots import DeviceKey
from readings.store.arrays import device_columns, numbers


@dataclass(frozen=True, slots=True)
class Poll:
    principal: KeyPrincipal
    device_name: str
    most: int


class Commands:
    def __init__(self, database: Database, publisher: Publisher) -> None:
        self._database = database
        self._publisher = publisher
        self._group: Group[Poll, Answer] = Group(self._claim, name="commands", most=64, waiting=5_000, at_once=2)

    async def get(self, request: Request, principal: KeyPrincipal) -> Answer:
        query = read_query(request, CommandQuery)
        return await self._group.ask(Poll(principal, request.parameters["deviceId"], query.limit))

    async def finish(self) -> None:
        await self._group.finish()

    async def _claim(self, polls: Sequence[Poll]) -> Sequence[Answer | Exception]:
        return await until_it_passes(lambda: self._claim_together(polls))

    async def _claim_together(self, polls: Sequence[Poll]) -> Sequence[Answer | Exception]:
        async with self._database.transaction({poll.principal.organization_id for poll in polls}) as transaction:
            transaction.defer(PLAN_ONCE)
            keys = await devices_of_keys(transaction, [(poll.principal, poll.device_name) for poll in polls])
            # A transaction does not skip what it locked itself: of two polls of one device here, the first gets all.
            first = {key: place for place, key in reversed(list(enumerate(keys))) if key is not None}
            given = await _given(transaction, polls, dict(sorted(first.items())))
        COMMANDS.inc(sum(map(len, given.values())))
        self._tell(given)
        return [
            NotFound() if key is None else Answer([_item(row) for row in given.get(place, ())])
            for place, key in enumerate(keys)
        ]

    def _tell(self, given: Mapping[int, Sequence[Any]]) -> None:
        now = datetime.now(UTC)
        for rows in given.values():
            for _, organization, device, command_id, kind, _, _, attempt in rows:
                notice = updated(device, str(command_id), kind, Status.SENT, attempt, now)
                self._publisher.publish(organization, [notice])


async def _given(
    transaction: Transaction, polls: Sequence[Poll], first: Mapping[DeviceKey, int]
) -> dict[int, list[Any]]:
    """By the place of the poll."""
    given: dict[int, list[Any]] = {}
    if not first:
        return given
    places = list(first.values())
    parameters = {
        **device_columns(first),
        "most": numbers([polls[place].most for place in places]),
        "by": [polls[place].principal.key_name for place in places],
    }
    for row in await transaction.fetch(CLAIM, parameters):
        given.setdefault(places[row[0] - 1], []).append(row)
    return given


def _item(row: Any) -> dict[str, Any]:
    _, _, _, command_id, kind, parameters, expires_at, _ = row
    return {
        "id": str(command_id),
        "type": kind,
        "parameters": msgspec.Raw(parameters.encode()),
        "expiresAt": spoken(expires_at),
    }
