"""What Valkey tells, handed to everybody who listens in this process: one reader for all clinics with listeners."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from django.conf import settings

from edge.callers import KeyPrincipal, Principal
from edge.database import Database
from edge.live.events import Event, events_of, reset_event
from edge.live.listeners import GOING_AWAY, Listener
from edge.live.metrics import DELIVERED, LAG, READER_FAILED
from edge.live.refusals import Full
from edge.live.streams import Extent, Position, Streams, position_of
from edge.refusals import TooManyRequests
from tenancy.live import RESUME_SECONDS

log = structlog.get_logger(__name__)
KEEP_SECONDS = RESUME_SECONDS / 10
AGAIN_SECONDS = 0.5
STOP_SECONDS = 5
PERSON_WAIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Joined:
    """``begins``: the place in the stream from which on the listener gets all."""

    begins: str
    missed: Sequence[Event]


class Hub:
    def __init__(self, database: Database, streams: Streams) -> None:
        self._database = database
        self._streams = streams
        self._listeners: dict[int, set[Listener]] = defaultdict(set)
        # Streams of each person and of each key.
        self._holders: Counter[tuple[str, int]] = Counter()
        # How far each clinic with listeners was read.
        self._positions: dict[int, Position] = {}
        self._somebody = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._keep_at = 0.0
        self._is_ending = False

    def start(self) -> None:
        self._reader = asyncio.get_running_loop().create_task(self._read_for_ever())

    def end_all(self) -> None:
        """And whoever joins from now on."""
        self._is_ending = True
        for listener in list(self.listeners()):
            listener.end(GOING_AWAY)

    async def stop(self) -> None:
        """End all streams, and wait a little until their clients know."""
        self.end_all()
        deadline = time.monotonic() + STOP_SECONDS
        while self._holders.total() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader
        await self._streams.close()

    def listeners(self) -> Iterable[Listener]:
        return (listener for listeners in self._listeners.values() for listener in listeners)

    def refuse_too_many(self, principal: Principal) -> None:
        """Raises Full and TooManyRequests."""
        if self._holders.total() >= settings.LIVE_STREAMS:
            raise Full
        most = settings.LIVE_STREAMS_PER_PERSON
        if self._holders[_holder(principal)] >= most:
            raise TooManyRequests(f"You have {most} open streams already: close one first.", PERSON_WAIT_SECONDS)

    async def join(self, listener: Listener, after: str | None) -> Joined:
        """From here on the listener gets what comes; returns what it missed since ``after``, to be sent before that.

        Whoever joins must ``leave``, unless this raises: redis.RedisError, Full, TooManyRequests.
        """
        extent = (await self._streams.open([listener.organization_id]))[listener.organization_id]
        # No await from the position that is taken here to the listener's place: nothing comes in between.
        self.refuse_too_many(listener.principal)
        start = self._positions.setdefault(listener.organization_id, extent.last)
        self._listeners[listener.organization_id].add(listener)
        self._holders[_holder(listener.principal)] += 1
        self._somebody.set()
        if self._is_ending:
            listener.end(GOING_AWAY)
        try:
            return await self._missed(listener, extent, start, after)
        except BaseException:
            self.leave(listener)
            raise

    def leave(self, listener: Listener) -> None:
        others = self._listeners[listener.organization_id]
        others.discard(listener)
        holder = _holder(listener.principal)
        self._holders[holder] -= 1
        if not self._holders[holder]:
            del self._holders[holder]
        if not others:
            del self._listeners[listener.organization_id]
            self._positions.pop(listener.organization_id, None)

    def position(self, listener: Listener) -> str:
        """Whoever has taken all that was offered is as far as this."""
        return str(self._positions[listener.organization_id])

    async def _missed(self, listener: Listener, extent: Extent, start: Position, after: str | None) -> Joined:
        if after is None:
            return Joined(str(start), [])
        position = position_of(after)
        if position is None or not extent.first <= position <= max(extent.last, start):
            return Joined(str(start), [reset_event(str(start))])
        entries = await self._streams.between(listener.organization_id, position, start) if position < start else []
        if entries is None:
            return Joined(str(start), [reset_event(str(start))])
        events = await events_of(self._database, entries)
        return Joined(str(position), [event for _, event in events if listener.sees(event)])

    async def _read_for_ever(self) -> None:
        while True:
            try:
                await self._somebody.wait()
                if time.monotonic() >= self._keep_at:
                    await self._keep()
                await self._read()
            except Exception as error:  # noqa: BLE001  a reader that ended would be silence on every stream
                READER_FAILED.inc()
                log.warning("live_reader_failed", error=type(error).__name__)
                self._keep_at = 0.0
                await asyncio.sleep(AGAIN_SECONDS)

    async def _keep(self) -> None:
        """Keep the clinics' streams, and see whether any lost what was not read yet."""
        organizations = list(self._positions)
        for organization_id, extent in (await self._streams.open(organizations)).items() if organizations else ():
            known = self._positions.get(organization_id)
            if known is not None and not extent.first <= known <= extent.last:
                self._positions[organization_id] = extent.last
                self._offer(organization_id, reset_event(str(extent.last)))
        self._keep_at = time.monotonic() + KEEP_SECONDS

    async def _read(self) -> None:
        positions = dict(self._positions)
        if not positions:
            self._somebody.clear()
            return
        found = await self._streams.read(positions)
        entries = [entry for _, entries in found.values() for entry in entries]
        events = await events_of(self._database, entries)
        # No await from here on, so that nobody joins between the events and the position behind them. Where all have
        # left meanwhile and somebody came back, that one begins elsewhere, and is read for in the next round.
        unmoved = {number for number in found if self._positions.get(number) == positions[number]}
        for organization_id, event in events:
            if organization_id in unmoved:
                self._offer(organization_id, event)
        now = time.time()
        for organization_id in unmoved:
            self._positions[organization_id] = last = found[organization_id][0]
            LAG.observe(max(now - last.milliseconds / 1000, 0))

    def _offer(self, organization_id: int, event: Event) -> None:
        for listener in self._listeners.get(organization_id, ()):
            if listener.sees(event):
                listener.offer(event)
                DELIVERED.inc()


def _holder(principal: Principal) -> tuple[str, int]:
    # A key and a person may have the same number.
    return ("key", principal.key_id) if isinstance(principal, KeyPrincipal) else ("person", principal.user_id)
