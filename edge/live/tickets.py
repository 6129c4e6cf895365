"""Tickets for clients that cannot send headers: for one connection, within half a minute, of who asked for it."""

from __future__ import annotations

from typing import Any

import msgspec
import redis
from rest_framework.exceptions import AuthenticationFailed

from accounts.principals import PersonPrincipal
from accounts.stream_tickets import TICKET_SECONDS, Holder, new_ticket, ticket_key
from edge.answers import Answer
from edge.callers import Callers
from edge.live.refusals import NoStreams
from edge.queries import NoQuery, read_query
from edge.requests import Request
from tenancy.api.errors import Unprocessable

LONGEST = 100
INVALID_TICKET = "The ticket is invalid, was used or has expired. Please ask for another one."
NO_BODY = [{"type": "extra_forbidden", "loc": ["body"], "msg": "Send no body", "input": None}]


class Tickets:
    def __init__(self, valkey: Any, callers: Callers) -> None:
        self._valkey = valkey
        self._callers = callers

    async def issue(self, request: Request, principal: PersonPrincipal) -> Answer:
        read_query(request, NoQuery)
        await _refuse_a_body(request)
        if principal.family_id is None:
            raise TypeError("the data plane knows people by the sign-in of an app")
        ticket = new_ticket()
        holder = Holder.of(principal, origin=request.headers.get("origin", ""))
        try:
            await self._valkey.set(ticket_key(ticket), msgspec.msgpack.encode(holder), ex=TICKET_SECONDS, nx=True)
        except redis.RedisError:
            raise NoStreams from None
        return Answer({"ticket": ticket, "expiresIn": TICKET_SECONDS}, 201)

    async def redeem(self, request: Request, ticket: str) -> PersonPrincipal:
        """Whom it stands for at this moment. Raises AuthenticationFailed, and NoStreams while Valkey is away."""
        if len(ticket) > LONGEST:
            raise AuthenticationFailed(INVALID_TICKET)
        try:
            raw = await self._valkey.getdel(ticket_key(ticket))
        except redis.RedisError:
            raise NoStreams from None
        holder = None if raw is None else msgspec.msgpack.decode(raw, type=Holder)
        if holder is None or not _is_of(holder, request):
            raise AuthenticationFailed(INVALID_TICKET)
        principal = await self._holder_now(holder)
        if principal is None or not _stands_for(principal, holder):
            raise AuthenticationFailed(INVALID_TICKET)
        return principal

    async def _holder_now(self, holder: Holder) -> PersonPrincipal | None:
        if holder.browser_id is not None:
            return await self._callers.in_browser(holder.browser_id, holder.organization_id)
        return None if holder.family_id is None else await self._callers.signed_in(holder.family_id)


def _is_of(holder: Holder, request: Request) -> bool:
    """A page of another origin cannot use it. Browsers name no origin where a page reads from its own."""
    origin = request.headers.get("origin", "")
    return not origin or origin == holder.origin


def _stands_for(principal: PersonPrincipal, holder: Holder) -> bool:
    return (
        principal.user_public_id == holder.user_public_id
        and principal.user_version == holder.user_version
        and principal.organization_id == holder.organization_id
    )


async def _refuse_a_body(request: Request) -> None:
    try:
        body = await request.json()
    except Unprocessable:
        return  # none was sent
    if body != {}:
        raise Unprocessable(NO_BODY)
