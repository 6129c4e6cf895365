"""What is bounded about streams: pings, slow clients, unknown rights, what waits for Valkey. By a clock of our own."""

from __future__ import annotations

import asyncio
import selectors
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import redis.asyncio
from django.conf import settings
from prometheus_client import REGISTRY

from accounts.principals import PersonPrincipal
from edge.callers import Callers
from edge.database import PooledDatabase
from edge.live.events import Event, plain_event
from edge.live.hub import Hub
from edge.live.listeners import MOST_WAITING, TOO_SLOW, UNKNOWN_RIGHTS, End, Listener
from edge.live.opening import Opened
from edge.live.publishing import MOST_WAITING as MOST_UNTOLD
from edge.live.publishing import Publisher
from edge.live.pump import pump
from edge.live.rights import Rights
from edge.live.streams import Position, Streams
from tenancy.live import Notice

# Where nobody answers: the discard port, which is never open here.
NOWHERE = "postgresql://glucose_edge@127.0.0.1:9/glucose"


class Jumping(selectors.DefaultSelector):
    """Waits for nothing: tells its clock to jump instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found and timeout:
            self.now += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its clock stands still while something can be done, and then jumps to the next thing that waits."""

    def __init__(self) -> None:
        self.jumping = Jumping()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.now


def virtually(work: Callable[[VirtualLoop], Awaitable[None]]) -> None:
    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(_awaited(work, loop))


async def _awaited(work: Callable[[VirtualLoop], Awaitable[None]], loop: VirtualLoop) -> None:
    await work(loop)


def nurse() -> PersonPrincipal:
    return PersonPrincipal(
        *(1, uuid.uuid4(), "nurse@northside.example", 1, 1, "Nurse", "nurse", None, None, 7, "northside", "Northside"),
        family_id=uuid.uuid4(),
    )


class Stream:
    """An open stream over the real pump, and what its client got at which second."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.database = PooledDatabase(NOWHERE, smallest=1, largest=1)
        self.hub = Hub(self.database, Streams())
        self.listener = Listener(nurse(), frozenset({"vitals"}))
        self.hub._listeners[7].add(self.listener)
        self.hub._positions[7] = Position(5, 0)
        self.pings: list[tuple[float, str]] = []
        self.written: list[float] = []
        self.hangs_from = float("inf")

    async def write(self, events: Sequence[Event]) -> None:
        self.written += [self.loop.time()] * len(events)
        if self.loop.time() >= self.hangs_from:
            await asyncio.sleep(3600)

    async def ping(self, position: str) -> None:
        self.pings.append((self.loop.time(), position))

    async def run(self, seconds: float) -> tuple[End | None, float]:
        """Until it is ended, or the client leaves after so many seconds; and when that was."""
        opened = Opened(self.listener, [])
        end = await pump(self.hub, opened, write=self.write, ping=self.ping, gone=asyncio.sleep(seconds))
        return end, self.loop.time()

    def offer_after(self, seconds: float) -> None:
        self.loop.call_later(seconds, self.listener.offer, plain_event("6-0", "reading.created"))


def test_a_ping_every_15_seconds_in_which_nothing_came() -> None:
    async def work(loop: VirtualLoop) -> None:
        stream = Stream(loop)
        stream.offer_after(40)
        assert await stream.run(61) == (None, 61)
        assert stream.pings == [(15, "5-0"), (30, "5-0"), (55, "5-0")]
        assert stream.written == [40]

    virtually(work)


def test_a_client_that_takes_nothing_for_20_seconds_is_dropped() -> None:
    async def work(loop: VirtualLoop) -> None:
        stream = Stream(loop)
        stream.hangs_from = 5
        stream.offer_after(5)
        assert await stream.run(600) == (TOO_SLOW, 25)
        assert TOO_SLOW.code == 4408

    virtually(work)


def test_a_client_whose_queue_is_full_is_dropped_at_once_while_its_send_hangs() -> None:
    async def work(loop: VirtualLoop) -> None:
        stream = Stream(loop)
        stream.hangs_from = 0
        for _ in range(MOST_WAITING + 2):
            stream.offer_after(5)
        # A second more is left to the send that hangs.
        assert await stream.run(600) == (TOO_SLOW, 6)
        assert stream.listener.has_taken_all, "what waits is let go"

    virtually(work)


def test_streams_whose_rights_nobody_can_look_up_are_closed_with_1013(monkeypatch: pytest.MonkeyPatch) -> None:
    """The question fails each second; after 10 seconds nobody knows enough to let them go on."""

    async def work(loop: VirtualLoop) -> None:
        monkeypatch.setattr("edge.live.rights.time", SimpleNamespace(monotonic=loop.time))
        stream = Stream(loop)
        rights = Rights(Callers(stream.database), stream.hub)
        rights.start()
        end, ended_at = await stream.run(600)
        await rights.stop()
        assert (end, UNKNOWN_RIGHTS.code) == (UNKNOWN_RIGHTS, 1013)
        assert 10 < ended_at <= 12
        assert [at for at, _ in stream.pings] == []

    virtually(work)


def lost() -> float:
    return REGISTRY.get_sample_value("glucose_live_lost_total") or 0.0


def notices(number: int) -> list[Notice]:
    return [Notice("device.status", datetime.now(UTC), device_id=1)] * number


def test_what_valkey_does_not_take_is_dropped_and_counted_and_nobody_waits() -> None:
    """A server that takes the connection and never answers."""

    async def work() -> None:
        asked = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            asked.set()
            await reader.read()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        valkey = redis.asyncio.Redis(host="127.0.0.1", port=port, socket_timeout=30)
        publisher, before = Publisher(valkey), lost()
        publisher.publish(7, notices(1))
        await asked.wait()
        begun = time.perf_counter()
        publisher.publish(7, notices(MOST_UNTOLD))
        assert lost() == before
        publisher.publish(7, notices(3))
        publisher.publish(8, notices(1))
        assert lost() == before + 4
        assert time.perf_counter() - begun < 1
        server.close()
        publisher._is_stopping = True
        await valkey.connection_pool.disconnect()
        await publisher.finish()
        assert lost() > before + 4, "nor did it get what it had been sent"

    asyncio.run(work())


@pytest.mark.django_db
def test_after_a_full_queue_listeners_are_told_to_load_anew() -> None:
    async def work() -> None:
        valkey = redis.asyncio.Redis.from_url(settings.LIMITS_REDIS_URL)
        streams = Streams()
        extents = await streams.open([70, 80])
        publisher = Publisher(valkey)
        publisher.publish(70, notices(MOST_UNTOLD))
        publisher.publish(80, notices(1))
        await publisher.finish()
        told = await streams.read({number: extent.last for number, extent in extents.items()})
        assert [entry.notice.type for entry in told[80][1]] == ["stream.reset"]
        await streams.close()
        await valkey.aclose()

    asyncio.run(work())
