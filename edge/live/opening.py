"""Who may listen to what: asked before a stream opens, by both transports alike."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import redis
from pydantic import BaseModel, ConfigDict, Field
from rest_framework.exceptions import ParseError

from accounts.credentials import sent_credential
from edge.callers import Callers, KeyPrincipal, Principal
from edge.database import Database
from edge.live.events import Event, plain_event
from edge.live.hub import Hub
from edge.live.listeners import Listener
from edge.live.origins import refuse_foreign_origin
from edge.live.refusals import NoStreams
from edge.live.tickets import Tickets
from edge.live.topics import TOPICS, topics_for
from edge.looks import Look, Looks
from edge.queries import read_query
from edge.requests import Request
from tenancy.api.errors import Unprocessable

# The kind of look that the routes name.
LIVE = "readings.live"
OPENED = "stream.opened"
# They would stand in logs of proxies and in histories of browsers.
_CREDENTIALS = {"token", "access_token", "accessToken", "authorization", "jwt", "api_key", "apiKey", "key"}
NOT_IN_AN_ADDRESS = (
    "An address is no place for a token or key: send Authorization: Bearer, or ask for a ticket with "
    "POST /api/v1/stream/ticket and send ?ticket=."
)


class SocketQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ticket: str | None = None
    lastEventId: str | None = Field(default=None, max_length=64)


class StreamQuery(SocketQuery):
    topics: str | None = Field(default=None, max_length=200)


@dataclass(frozen=True, slots=True)
class Opened:
    """``first``: what is sent before what comes from now on."""

    listener: Listener
    first: list[Event]


class Opening:
    def __init__(self, database: Database, callers: Callers, looks: Looks, tickets: Tickets, hub: Hub) -> None:
        self._database = database
        self._callers = callers
        self._looks = looks
        self._tickets = tickets
        self._hub = hub

    async def principal_of(self, request: Request) -> Principal | None:
        """By the header, or by a ticket where there is none. Raises PermissionDenied for other origins' pages."""
        refuse_foreign_origin(request)
        if _CREDENTIALS & set(request.query):
            raise ParseError(NOT_IN_AN_ADDRESS)
        tickets = request.query.get("ticket", [])
        if sent_credential(request.headers) is None and len(tickets) == 1:
            return await self._tickets.redeem(request, tickets[0])
        return await self._callers.principal_of(request)

    async def open(self, request: Request, principal: Principal, topics: Collection[str]) -> Opened:
        """Whoever opens must ``leave``. ``topics`` empty: those of the query, or all that the caller may see."""
        query = read_query(request, SocketQuery if topics else StreamQuery)
        listener = Listener(principal, topics_for(principal, topics or _topics(query)))
        after = request.headers.get("last-event-id") or query.lastEventId
        self._hub.refuse_too_many(principal)
        await self._write_look(request, principal)
        try:
            joined = await self._hub.join(listener, after)
        except redis.RedisError:
            raise NoStreams from None
        opened = plain_event(joined.begins, OPENED, {"topics": sorted(listener.topics)})
        return Opened(listener, [opened, *joined.missed])

    def leave(self, opened: Opened) -> None:
        self._hub.leave(opened.listener)

    async def _write_look(self, request: Request, principal: Principal) -> None:
        """No entry, no data. It tells of the patients who may show; of all the clinic's where it tells of none."""
        if isinstance(principal, KeyPrincipal):
            return  # it hears of what it is to do, and of no patient
        seen = Look(
            request,
            principal,
            kind=LIVE,
            object_id=request.route.name,
            patient_id=principal.patient_id,
            patient_ids=principal.assigned_patients,
        )
        async with self._database.transaction([principal.organization_id]) as transaction:
            written = await self._looks.write(transaction, [seen])
        await self._looks.cover(written)


def _topics(query: SocketQuery) -> list[str]:
    """Raises Unprocessable."""
    given = query.topics if isinstance(query, StreamQuery) else None
    if given is None:
        return []
    named = given.split(",")
    if set(named) <= set(TOPICS):
        return named
    words = f"Name topics out of {', '.join(TOPICS)}, separated by commas"
    raise Unprocessable([{"type": "topics", "loc": ["query", "topics"], "msg": words, "input": given}])
