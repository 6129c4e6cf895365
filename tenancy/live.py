"""What happened in a clinic, told to the live streams after the commit. Valkey carries where to look, not what is seen.

Each clinic has one bounded stream in Valkey, which exists while somebody listens and for RESUME_SECONDS after: whoever
has listeners makes and keeps it, and what is told to a clinic without one goes nowhere. Nothing is told twice: what
could not be told is lost, and the next that can be is preceded by a RESET, so that listeners load anew what they show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
import redis
import structlog
from django.db import transaction
from prometheus_client import Counter

from tenancy.redis import limits_client
from tenancy.scope import required_organization_id

log = structlog.get_logger(__name__)
LOST = Counter("glucose_live_lost_total", "Events that Valkey did not take, or that were too many to wait for it")
RESUME_SECONDS = 300
MOST_ENTRIES = 10_000
# More at once are not news but a change of the past: listeners are told to load anew.
MOST_AT_ONCE = 200
RESET = "stream.reset"
# For each clinic its stream; after the bound, for each the number of its notices and these. A stream that does not
# exist is not made: nobody listens.
TELL = """
local at = 2
for _, stream in ipairs(KEYS) do
    for place = at + 1, at + ARGV[at] do
        redis.call('xadd', stream, 'nomkstream', 'maxlen', '~', ARGV[1], '*', 'n', ARGV[place])
    end
    at = at + 1 + ARGV[at]
end
"""


class Notice(msgspec.Struct, frozen=True, array_like=True):
    """``type``: reading.created, alert.opened and so on. Device and instant name a reading, which is read when it is
    told on; other notices say all in ``data``: codes, UUIDs and words, nothing that a log may not hold.
    """

    type: str
    at: datetime
    patient_id: int | None = None
    device_id: int | None = None
    measured_at: datetime | None = None
    data: dict[str, Any] = msgspec.field(default_factory=dict)


class Unheard:
    """The clinics whose listeners missed something."""

    def __init__(self) -> None:
        self._organizations: set[int] = set()

    def add(self, told: Mapping[int, Sequence[Notice]]) -> None:
        LOST.inc(sum(map(len, told.values())))
        self._organizations.update(told)

    def with_resets(self, told: Mapping[int, Sequence[Notice]]) -> dict[int, list[Notice]]:
        resets = {organization_id: [reset()] for organization_id in self._organizations}
        self._organizations.clear()
        return {
            organization_id: resets.get(organization_id, []) + _bounded(told.get(organization_id, ()))
            for organization_id in {**told, **resets}
        }

    def __bool__(self) -> bool:
        return bool(self._organizations)


_unheard = Unheard()
encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Notice).decode


def stream_key(organization_id: int) -> str:
    return f"live:events:{organization_id}"


def publish_after_commit(notices: Sequence[Notice]) -> None:
    """Tell them in the organization in scope, once the transaction is committed; never an error for the caller."""
    if notices:
        told = {required_organization_id(): list(notices)}
        transaction.on_commit(partial(_publish, told), robust=True)


def telling(told: Mapping[int, Sequence[Notice]]) -> tuple[list[str], list[Any]]:
    """Keys and arguments of TELL."""
    arguments: list[Any] = [MOST_ENTRIES]
    for notices in told.values():
        arguments += [len(notices), *map(encode, notices)]
    return [stream_key(organization_id) for organization_id in told], arguments


def reset() -> Notice:
    return Notice(RESET, datetime.now(UTC))


def _publish(told: Mapping[int, Sequence[Notice]]) -> None:
    told = _unheard.with_resets(told)
    keys, arguments = telling(told)
    client: Any = limits_client()
    try:
        client.eval(TELL, len(keys), *keys, *arguments)
    except redis.RedisError:
        _unheard.add(told)
        log.warning("live_events_lost", detail="Valkey is away: listeners will be told to load anew.")


def _bounded(notices: Sequence[Notice]) -> list[Notice]:
    return list(notices) if len(notices) <= MOST_AT_ONCE else [reset()]
