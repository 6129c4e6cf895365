"""Who asks: found out for all callers of a moment by one question each, at every request.

Nothing is remembered between requests but the signature of a token: a key that is revoked, an account that is
disabled, a role that is changed act at once, whether Valkey is there or not.
"""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from accounts.access_tokens import read_access_token
from accounts.browser_sessions.services import IDLE, LONGEST
from accounts.credentials import sent_credential
from accounts.principals import PersonPrincipal, principal_of_row, stands_for
from accounts.signing import AccessClaims
from devices.authentication import DevicePrincipal
from devices.keys import digest_of, may_be_a_key
from edge.database import Database
from edge.grouping import Group
from edge.requests import Request
from readings.store.arrays import names

# After the digest, the fields of KeyPrincipal in their order.
KEYS = """
    SELECT digest, key_id, organization_id, device_id, key_public_id, key_name, reading_max_age_hours
      FROM devices_live_keys(%(digests)s)
"""
SIGN_INS = "SELECT * FROM accounts_signed_in(%(families)s::uuid[])"
BROWSERS = (
    "SELECT * FROM accounts_in_browsers(%(sessions)s::uuid[], %(organizations)s::bigint[], %(idle)s, %(longest)s)"
)
VERIFIED_SECONDS = 60
MOST_VERIFIED = 20_000


@dataclass(frozen=True, slots=True)
class KeyPrincipal(DevicePrincipal):
    """With what a post and the ledger need, so that neither asks the database for it."""

    key_public_id: uuid.UUID
    key_name: str
    reading_max_age_hours: int | None
    # Only for a stream, whose key is looked up again and again.
    digest: bytes = field(default=b"", repr=False)


Principal = PersonPrincipal | KeyPrincipal
# A session of the workplace, and the clinic in which it listens.
Browser = tuple[uuid.UUID, int]


class Callers:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: Group[bytes, KeyPrincipal | None] = Group(self._look_up_keys, name="keys", most=500, waiting=20_000)
        self._people: Group[uuid.UUID, PersonPrincipal | None] = Group(
            self._look_up_people, name="people", most=200, waiting=20_000
        )
        self._verified = VerifiedTokens()

    async def principal_of(self, request: Request) -> Principal | None:
        credential = sent_credential(request.headers)
        if credential is None:
            return None
        return await (self._person(credential.text) if credential.kind == "token" else self._key(credential.text))

    async def signed_in(self, family_id: uuid.UUID) -> PersonPrincipal | None:
        """Whom a sign-in stands for at this moment."""
        return await self._people.ask(family_id)

    async def all_signed_in(self, families: Collection[uuid.UUID]) -> dict[uuid.UUID, PersonPrincipal]:
        """The same for many, in one question; those that have ended are missing."""
        rows = await self._database.look_up(SIGN_INS, {"families": names(list(families))})
        return {row[-1]: principal_of_row(row) for row in rows}

    async def in_browser(self, session_id: uuid.UUID, organization_id: int) -> PersonPrincipal | None:
        """Whom a browser of the workplace stands for at this moment in this clinic."""
        return (await self.all_in_browsers({(session_id, organization_id)})).get((session_id, organization_id))

    async def all_in_browsers(self, browsers: Collection[Browser]) -> dict[Browser, PersonPrincipal]:
        asked = list(browsers)
        parameters = {
            "sessions": names([session_id for session_id, _ in asked]),
            "organizations": [organization_id for _, organization_id in asked],
            "idle": IDLE,
            "longest": LONGEST,
        }
        found = {}
        for *columns, session_id in await self._database.look_up(BROWSERS, parameters):
            principal = replace(principal_of_row(tuple(columns)), browser_id=session_id)
            found[session_id, principal.organization_id] = principal
        return found

    async def all_with_keys(self, digests: Collection[bytes]) -> dict[bytes, KeyPrincipal]:
        """Whom keys stand for at this moment; those that have ended are missing."""
        rows = await self._database.look_up(KEYS, {"digests": list(digests)})
        return {bytes(digest): replace(KeyPrincipal(*columns), digest=bytes(digest)) for digest, *columns in rows}

    async def finish(self) -> None:
        await self._keys.finish()
        await self._people.finish()

    async def _key(self, text: str) -> KeyPrincipal | None:
        return await self._keys.ask(digest_of(text)) if may_be_a_key(text) else None

    async def _person(self, token: str) -> PersonPrincipal | None:
        claims = self._verified.read(token)
        if claims is None:
            return None
        principal = await self._people.ask(claims.family_id)
        return principal if principal is not None and stands_for(principal, claims) else None

    async def _look_up_keys(self, digests: Sequence[bytes]) -> Sequence[KeyPrincipal | None]:
        found = await self.all_with_keys(set(digests))
        return [found.get(digest) for digest in digests]

    async def _look_up_people(self, families: Sequence[uuid.UUID]) -> Sequence[PersonPrincipal | None]:
        found = await self.all_signed_in(set(families))
        return [found.get(family) for family in families]


class VerifiedTokens:
    """Tokens whose signature was found good: for a minute, and never beyond their own end."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[float, AccessClaims]] = OrderedDict()

    def read(self, token: str) -> AccessClaims | None:
        digest, now = digest_of(token), time.time()
        known = self._known.get(digest)
        if known is not None and now < known[0]:
            return known[1]
        claims = read_access_token(token)
        if claims is not None:
            self._known[digest] = (min(now + VERIFIED_SECONDS, claims.expires_at), claims)
            if len(self._known) > MOST_VERIFIED:
                self._known.popitem(last=False)
        return claims
