"""Tickets for live streams, for clients that cannot send headers: for one connection, within half a minute.

The data plane issues them to apps and redeems them; the workplace issues them to its browsers.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid

import msgspec

from accounts.browser_sessions.models import BrowserSession
from accounts.principals import PersonPrincipal
from tenancy.redis import limits_client

TICKET_SECONDS = 30


class Holder(msgspec.Struct, frozen=True, array_like=True):
    """Whose ticket it is: of a sign-in of an app, or of a browser's session in one clinic."""

    family_id: uuid.UUID | None
    user_public_id: uuid.UUID
    user_version: int
    organization_id: int
    origin: str
    browser_id: uuid.UUID | None = None

    @classmethod
    def of(cls, principal: PersonPrincipal, *, origin: str, browser_id: uuid.UUID | None = None) -> Holder:
        person = (principal.user_public_id, principal.user_version, principal.organization_id)
        return cls(principal.family_id, *person, origin, browser_id)


def new_ticket() -> str:
    return secrets.token_urlsafe(32)


def ticket_key(ticket: str) -> str:
    """Valkey keeps a digest of each: who reads there cannot open a stream."""
    return f"live:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"


def issue_to_browser(*, principal: PersonPrincipal, session_key: str, origin: str) -> str:
    """For the staff member whose session of the workplace this is. Raises redis.RedisError."""
    ticket = new_ticket()
    browser_id = BrowserSession.objects.values_list("public_id", flat=True).get(session_key=session_key)
    holder = Holder.of(principal, origin=origin, browser_id=browser_id)
    limits_client().set(ticket_key(ticket), msgspec.msgpack.encode(holder), ex=TICKET_SECONDS, nx=True)
    return ticket
