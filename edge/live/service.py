"""The live streams of one process of the data plane."""

from __future__ import annotations

from typing import Any

from accounts.principals import PersonPrincipal
from edge.answers import Answer
from edge.budgets import Budgets
from edge.callers import Callers, Principal
from edge.database import Database
from edge.denials import Denials
from edge.live.hub import Hub
from edge.live.opening import Opening
from edge.live.rights import Rights
from edge.live.routes import SOCKETS, STREAM
from edge.live.sockets import Sockets
from edge.live.sse import EventStream
from edge.live.stopping import StopSignals
from edge.live.streams import Streams
from edge.live.tickets import Tickets
from edge.looks import Looks
from edge.requests import Request, Send


class Live:
    def __init__(self, database: Database, callers: Callers, looks: Looks, denials: Denials, valkey: Any) -> None:
        self._hub = Hub(database, Streams())
        self._rights = Rights(callers, self._hub)
        self._tickets = Tickets(valkey, callers)
        self._opening = Opening(database, callers, looks, self._tickets, self._hub)
        self._sockets = Sockets(self._hub, self._opening, denials)
        self._callers = callers
        self._stop_signals = StopSignals(self._hub.end_all)
        self._is_started = False

    def start(self) -> None:
        self._is_started = True
        self._hub.start()
        self._rights.start()

    async def finish(self) -> None:
        self._stop_signals.forget()
        await self._hub.stop()
        await self._rights.stop()

    async def principal_of(self, request: Request) -> Principal | None:
        if request.route.name == STREAM:
            return await self._opening.principal_of(request)
        return await self._callers.principal_of(request)

    async def ticket(self, request: Request, principal: PersonPrincipal) -> Answer:
        return await self._tickets.issue(request, principal)

    async def stream(self, request: Request, principal: Principal) -> EventStream:
        if self._is_started:
            self._stop_signals.listen()
        return EventStream(self._hub, await self._opening.open(request, principal, ()))

    async def serve(self, request: Request, send: Send, budgets: Budgets) -> None:
        topics = SOCKETS[f"/{request.route.path}"].topics
        await self._sockets.serve(request, send, topics=topics, budgets=budgets)
