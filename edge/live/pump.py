"""Hands an open stream's events to its client, until one of the two ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from edge.live.events import Event
from edge.live.hub import Hub
from edge.live.listeners import TOO_SLOW, End, Ended
from edge.live.metrics import ENDED
from edge.live.opening import Opened

PING_SECONDS = 15.0
# A client that takes nothing for so long is gone, or might as well be.
SEND_SECONDS = 20
# For the last words to a client that may not be listening any more.
FAREWELL_SECONDS = 1

Write = Callable[[Sequence[Event]], Awaitable[None]]
# Given the place in the stream up to which the client has everything.
Ping = Callable[[str], Awaitable[None]]


async def pump(hub: Hub, opened: Opened, *, write: Write, ping: Ping, gone: Awaitable[object]) -> End | None:
    """``gone`` is done when the client has left. Returns why the platform ended the stream; None: the client did."""
    sending = asyncio.ensure_future(_send(hub, opened, write, ping))
    leaving = asyncio.ensure_future(gone)
    over = asyncio.ensure_future(opened.listener.is_over.wait())
    try:
        await asyncio.wait({sending, leaving, over}, return_when=asyncio.FIRST_COMPLETED)
        if over.done():
            # It ends by itself, unless a send hangs.
            await asyncio.wait({sending}, timeout=FAREWELL_SECONDS)
        end = sending.result() if sending.done() else opened.listener.ended
    finally:
        for task in (sending, leaving, over):
            task.cancel()
        await asyncio.gather(sending, leaving, over, return_exceptions=True)
    if end is not None:
        ENDED.labels(end.code).inc()
    return end


async def farewell(last_words: Awaitable[None]) -> None:
    """A client that does not take them learns it from the connection's end."""
    with suppress(Exception):
        async with asyncio.timeout(FAREWELL_SECONDS):
            await last_words


async def _send(hub: Hub, opened: Opened, write: Write, ping: Ping) -> End:
    listener = opened.listener
    try:
        await _in_time(write(opened.first))
        while True:
            if events := await listener.next(PING_SECONDS):
                await _in_time(write(events))
            elif listener.has_taken_all:
                await _in_time(ping(hub.position(listener)))
    except Ended as ended:
        return ended.end
    except TimeoutError:
        return TOO_SLOW


async def _in_time(sending: Awaitable[None]) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await sending
