"""The clinics' streams in Valkey, as listeners read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import redis.asyncio
import structlog
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from edge.live.events import Entry
from tenancy.live import RESUME_SECONDS, decode, stream_key

log = structlog.get_logger(__name__)
# So long at most until a clinic that somebody begins to listen to is read.
BLOCK_MILLISECONDS = 200
READ_SECONDS = 2
MOST_READ = 200
# Whoever missed more loads anew: that is faster.
MOST_RESUMED = 2_000
# Makes the stream where there is none, and keeps it; answers its first and its last entry. A new one begins with an
# entry that says nothing, so that every position in it can be told from one in a stream before it.
OPEN = """
if redis.call('exists', KEYS[1]) == 0 then redis.call('xadd', KEYS[1], '*', 'n', '') end
redis.call('expire', KEYS[1], ARGV[1])
local first = redis.call('xrange', KEYS[1], '-', '+', 'count', 1)
local last = redis.call('xrevrange', KEYS[1], '+', '-', 'count', 1)
return {first[1][1], last[1][1]}
"""


class Position(NamedTuple):
    milliseconds: int
    number: int

    def __str__(self) -> str:
        return f"{self.milliseconds}-{self.number}"


class Extent(NamedTuple):
    first: Position
    last: Position


def position_of(text: str) -> Position | None:
    """None: no entry is called so."""
    milliseconds, _, number = text.partition("-")
    if not (text.isascii() and milliseconds.isdigit() and number.isdigit() and len(text) <= 40):
        return None
    return Position(int(milliseconds), int(number))


class Streams:
    def __init__(self) -> None:
        self._valkey: Any = redis.asyncio.Redis.from_url(
            settings.LIMITS_REDIS_URL,
            socket_timeout=READ_SECONDS,
            socket_connect_timeout=READ_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    async def close(self) -> None:
        await self._valkey.aclose()

    async def open(self, organizations: Collection[int]) -> dict[int, Extent]:
        async with self._valkey.pipeline(transaction=False) as steps:
            for organization_id in organizations:
                steps.eval(OPEN, 1, stream_key(organization_id), RESUME_SECONDS)
            found = await steps.execute()
        return {
            organization_id: Extent(_known(first), _known(last))
            for organization_id, (first, last) in zip(organizations, found, strict=True)
        }

    async def read(self, positions: Mapping[int, Position]) -> dict[int, tuple[Position, list[Entry]]]:
        """What comes after these positions, and where that leads to; waits a little for it."""
        organizations = {stream_key(organization_id).encode(): organization_id for organization_id in positions}
        asked = {stream_key(organization_id): str(position) for organization_id, position in positions.items()}
        found = await self._valkey.xread(asked, count=MOST_READ, block=BLOCK_MILLISECONDS)
        rows = found.items() if isinstance(found, dict) else found or []
        return {
            organizations[key]: (_known(entries[-1][0]), _entries(organizations[key], entries)) for key, entries in rows
        }

    async def between(self, organization_id: int, after: Position, until: Position) -> list[Entry] | None:
        """What came after one entry, the other included; None: too much."""
        key = stream_key(organization_id)
        found = await self._valkey.xrange(key, f"({after}", str(until), count=MOST_RESUMED + 1)
        if len(found) > MOST_RESUMED:
            return None
        return _entries(organization_id, found)


def _entries(organization_id: int, found: Sequence[tuple[bytes, Mapping[bytes, bytes]]]) -> list[Entry]:
    entries = []
    for entry_id, fields in found:
        if raw := fields.get(b"n"):
            try:
                entries.append(Entry(organization_id, entry_id.decode(), decode(raw)))
            except msgspec.MsgspecError:
                # Of another version of the platform, while it is being replaced.
                log.warning("live_entry_unreadable", entry=entry_id.decode())
    return entries


def _known(raw: bytes) -> Position:
    position = position_of(raw.decode())
    if position is None:
        raise ValueError(f"Valkey calls an entry {raw!r}")
    return position
