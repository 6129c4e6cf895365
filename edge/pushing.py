"""What a device posts: one reading, or a batch."""

from __future__ import annotations

from edge.answers import Answer
from edge.batches import Batches
from edge.callers import KeyPrincipal
from edge.database import Database
from edge.live.publishing import Publisher
from edge.payloads import DeviceReading, validation_context
from edge.posts import Post, SinglePosts, oldest_accepted
from edge.requests import Request
from edge.slots import Slots
from edge.validation import validated


class Pushes:
    def __init__(self, database: Database, slots: Slots, publisher: Publisher) -> None:
        self._single = SinglePosts(database, slots, publisher)
        self._batches = Batches(database, slots, publisher)

    async def post(self, request: Request, principal: KeyPrincipal) -> Answer:
        body, device_name = await request.json(), request.parameters["deviceId"]
        if isinstance(body, dict) and "readings" in body:
            return await self._batches.store(principal, device_name, body)
        context = validation_context(oldest_accepted(principal))
        sent = validated(DeviceReading, body, place="body", context=context)
        return await self._single.store(Post(principal, device_name, sent, body["timestamp"]))

    async def finish(self) -> None:
        await self._single.finish()
        await self._batches.finish()
