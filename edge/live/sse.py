"""Server-sent events: the same events as over WebSockets, as lines of an answer that does not end."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from edge.answers import headers_for
from edge.live.events import Event
from edge.live.hub import Hub
from edge.live.listeners import End
from edge.live.metrics import OPEN
from edge.live.opening import Opened
from edge.live.pump import farewell, pump
from edge.requests import Request, Send

# Browsers connect again by themselves after this.
RETRY = b"retry: 2000\n\n"
# Without the second header nginx keeps events back until it has some kilobytes of them.
HEADERS = [(b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no")]


class EventStream:
    """An answer that goes on; made by the route's handler when nothing can be refused any more."""

    status = 200

    def __init__(self, hub: Hub, opened: Opened) -> None:
        self._hub = hub
        self._opened = opened

    async def send(self, send: Send, request: Request) -> None:
        try:
            headers = [*HEADERS, *headers_for(request)]
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            if request.method == "HEAD":
                await send({"type": "http.response.body", "body": b""})
                return
            with OPEN.labels("sse").track_inprogress():
                await self._go_on(send, request)
        finally:
            self._hub.leave(self._opened.listener)

    async def _go_on(self, send: Send, request: Request) -> None:
        async def write_bytes(body: bytes) -> None:
            await send({"type": "http.response.body", "body": body, "more_body": True})

        async def write(events: Sequence[Event]) -> None:
            await write_bytes(b"".join(event.sse for event in events))

        async def ping(position: str) -> None:
            # An id without data moves on where a browser resumes, and is no event.
            await write_bytes(f"id: {position}\n: ping\n\n".encode())

        await write_bytes(RETRY)
        end = await pump(self._hub, self._opened, write=write, ping=ping, gone=_left(request))
        if end is not None:
            await farewell(send({"type": "http.response.body", "body": _closing(end), "more_body": False}))


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _closing(end: End) -> bytes:
    return b"event: close\ndata: %b\n\n" % msgspec.json.encode({"code": end.code, "reason": end.reason})
