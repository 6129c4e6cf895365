"""WebSockets: an event is a text frame. What clients send is not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from rest_framework.exceptions import PermissionDenied

from accounts.api.permissions import may_call
from edge.answers import answer_to
from edge.budgets import Budgets
from edge.callers import Principal
from edge.denials import Denials
from edge.instants import spoken
from edge.live.events import Event
from edge.live.hub import Hub
from edge.live.listeners import GOING_AWAY, End
from edge.live.metrics import OPEN
from edge.live.opening import Opened, Opening
from edge.live.origins import refuse_foreign_origin
from edge.live.pump import farewell, pump
from edge.requests import Request, Send

log = structlog.get_logger(__name__)
# A page is not told the status of a handshake that failed: refusals are closes with a code of their own.
CODES = {400: 4400, 401: 4401, 403: 4403, 422: 4400, 429: 4429, 503: 1013}
FAILED = 1011
LONGEST_REASON = 120


class Sockets:
    def __init__(self, hub: Hub, opening: Opening, denials: Denials) -> None:
        self._hub = hub
        self._opening = opening
        self._denials = denials

    async def serve(self, request: Request, send: Send, *, topics: Sequence[str], budgets: Budgets) -> None:
        await request.receive()
        principal: Principal | None = None
        try:
            refuse_foreign_origin(request)
        except PermissionDenied:
            await self._shut(request, send)
            return
        try:
            principal = await self._opening.principal_of(request)
            budgets.spend(request, principal)
            if not may_call(request.route, "GET", principal, request.headers):
                raise PermissionDenied
            opened = await self._opening.open(request, _known(principal), topics)
        except Exception as error:  # noqa: BLE001  told to the client, and logged where it is our fault
            await self._refuse(request, principal, error, send)
            return
        try:
            with OPEN.labels("websocket").track_inprogress():
                await self._go_on(request, send, opened)
        finally:
            self._hub.leave(opened.listener)

    async def _go_on(self, request: Request, send: Send, opened: Opened) -> None:
        async def write(events: Sequence[Event]) -> None:
            for event in events:
                await send({"type": "websocket.send", "text": event.text})

        async def ping(position: str) -> None:
            now = spoken(datetime.now(UTC))
            frame = msgspec.json.encode({"type": "ping", "id": position, "at": now}).decode()
            await send({"type": "websocket.send", "text": frame})

        await send({"type": "websocket.accept"})
        end = await pump(self._hub, opened, write=write, ping=ping, gone=_left(request))
        # The server also says that the client has left when it is told to stop itself; then the client is still there.
        await farewell(send(_close(end or GOING_AWAY)))

    async def _shut(self, request: Request, send: Send) -> None:
        log.warning("stream_refused", code=403, route=request.route.name, request_id=request.id, ip=request.address)
        await send({"type": "websocket.close", "code": 4403})

    async def _refuse(self, request: Request, principal: Principal | None, error: Exception, send: Send) -> None:
        answer = answer_to(error)
        detail = answer.body["detail"]
        reason = detail if isinstance(detail, str) else "; ".join(item["msg"] for item in detail)
        await send({"type": "websocket.accept"})
        await farewell(send(_close(End(CODES.get(answer.status, FAILED), str(reason)))))
        told = {"code": answer.status, "request_id": request.id, "ip": request.address}
        log.warning("stream_refused", route=request.route.name, **told)
        await self._denials.note(request, principal, answer.status)


def _known(principal: Principal | None) -> Principal:
    if principal is None:
        raise TypeError("a stream was reached by nobody")
    return principal


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "websocket.disconnect":
        pass


def _close(end: End) -> dict[str, Any]:
    # A reason has at most 123 bytes.
    return {"type": "websocket.close", "code": end.code, "reason": end.reason[:LONGEST_REASON]}
