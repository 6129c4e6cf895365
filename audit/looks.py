"""Repeated looks are one event: within 15 minutes an earlier entry covers them, and they are added to the ledger later.

Valkey keeps what is covered and how often. While it is away every look writes its own entry; when it loses what it
counted, further looks of the last minutes are missing, never that somebody looked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import redis
import structlog
from django.db import DatabaseError, connection, transaction

from audit.actions import Action
from audit.occasion import Actor, Occasion
from audit.store import NewEntry, insert
from tenancy.redis import limits_client
from tenancy.scope import organization_scope

COVERED_SECONDS = 15 * 60
# A tally that no task fetched: the worker was away for so long.
TALLY_SECONDS = 7 * 24 * 60 * 60
# For each look three keys and three arguments; answers for each whether an earlier one covers it.
COUNT_LOOKS = """
local covered = {}
for look = 0, (#KEYS - 1) / 3 - 1 do
    local mark, tally, who = KEYS[look * 3 + 2], KEYS[look * 3 + 3], KEYS[look * 3 + 4]
    local digest, told, organization = ARGV[look * 3 + 2], ARGV[look * 3 + 3], ARGV[look * 3 + 4]
    covered[look + 1] = redis.call('EXISTS', mark)
    if covered[look + 1] == 1 then
        redis.call('HINCRBY', tally, digest, 1)
        redis.call('HSET', who, digest, told)
        redis.call('SADD', KEYS[1], organization)
        redis.call('EXPIRE', tally, ARGV[1])
        redis.call('EXPIRE', who, ARGV[1])
    end
end
return covered
"""

# In one step with the look at the tally: a look that is counted meanwhile names its clinic again.
_FORGET = "if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end"

log = structlog.get_logger(__name__)


def write_look(look: NewEntry) -> None:
    """Count the look where an earlier one covers it, and write it otherwise.

    What is counted may be rolled back with its request: the ledger then has a look too many, never one too few.
    """
    keys, arguments = counting([look])
    client: Any = limits_client()
    try:
        # In one round trip, since it stands in the way of every read.
        (covered,) = client.eval(COUNT_LOOKS, len(keys), *keys, *arguments)
    except redis.RedisError:
        covered = 0
    if covered:
        return
    insert([look])
    # Not before the commit: an entry that is rolled back covers nothing.
    transaction.on_commit(lambda: _cover(look), robust=True)


def counting(looks: Sequence[NewEntry]) -> tuple[list[str], list[Any]]:
    """Keys and arguments of COUNT_LOOKS."""
    keys: list[str] = [_organizations()]
    arguments: list[Any] = [TALLY_SECONDS]
    until = datetime.now(UTC).isoformat()
    for look in looks:
        digest, told = _described(look)
        tally = _tally(look.organization_id)
        keys += [_mark(look.organization_id, digest), tally, _who(tally)]
        arguments += [digest, f'{told[:-1]}, "until": "{until}"}}', look.organization_id]
    return keys, arguments


def covering_key(look: NewEntry) -> str:
    """Set for COVERED_SECONDS once the look's entry is committed, it covers the looks that follow."""
    return _mark(look.organization_id, _described(look)[0])


def add_covered_looks() -> int:
    """Write an entry for each look whose 15 minutes are over and that was repeated; returns how many it wrote.

    One clinic that fails does not stop the rest; what it counted is kept for the next time.
    """
    client: Any = limits_client()
    written = 0
    for key in client.smembers(_organizations()):
        organization_id = int(key)
        try:
            for digest, tally in _finished(client, organization_id):
                written += _add(client, organization_id, digest, tally)
        except DatabaseError:
            log.exception("audit_looks_not_added", organization=organization_id)
    return written


def _add(client: Any, organization_id: int, digest: str, tally: str) -> int:
    steps = client.pipeline().hget(tally, digest).hget(_who(tally), digest)
    taken: list[Any] = steps.hdel(tally, digest).hdel(_who(tally), digest).execute()
    number, who = int(taken[0] or 0), taken[1]
    if not number or not who:
        return 0
    look = _read(organization_id, json.loads(who), number)
    try:
        with organization_scope(organization_id), transaction.atomic():
            insert([look])
    except BaseException:
        client.pipeline().hincrby(tally, digest, number).hset(_who(tally), digest, who).execute()
        raise
    return 1


def _finished(client: Any, organization_id: int) -> Iterator[tuple[str, str]]:
    tally = _tally(organization_id)
    digests = [digest.decode() for digest in client.hkeys(tally)]
    if not digests:
        client.eval(_FORGET, 2, tally, _organizations(), organization_id)
    for digest in digests:
        if not client.exists(_mark(organization_id, digest)):
            yield digest, tally


def _cover(look: NewEntry) -> None:
    try:
        limits_client().set(covering_key(look), b"", ex=COVERED_SECONDS)
    except redis.RedisError:
        log.warning("audit_look_not_covered", detail="Valkey is away: the next look writes an entry of its own.")


def _described(look: NewEntry) -> tuple[str, str]:
    """Digest and text of a look. The digest: of the same person, sign-in, patients and kind, from wherever."""
    occasion = look.occasion
    patients = None if look.patient_ids is None else tuple(sorted(look.patient_ids))
    return _described_parts(
        occasion.actor, occasion.ip, occasion.session, look.action, look.object_type, look.object_id, look.patient_id,
        patients,
    )  # fmt: skip


# Whoever looks looks again: a phone does every few seconds.
@lru_cache(maxsize=20_000)
def _described_parts(
    actor: Actor,
    ip: str | None,
    session: str,
    action: Action,
    object_type: str,
    object_id: str,
    patient_id: int | None,
    patient_ids: tuple[int, ...] | None,
) -> tuple[str, str]:
    same = [actor.kind, actor.id, session, object_type, object_id, patient_id, patient_ids]
    written = {
        "occasion": asdict(Occasion(actor=actor, ip=ip, session=session)),
        "action": action.value,
        "object": [object_type, object_id],
        "patient": patient_id,
        "patients": patient_ids,
    }
    return hashlib.sha256(json.dumps(same).encode()).hexdigest()[:32], json.dumps(written)


def _read(organization_id: int, written: dict[str, Any], number: int) -> NewEntry:
    actor = Actor(**written["occasion"].pop("actor"))
    object_type, object_id = written["object"]
    until = datetime.fromisoformat(written["until"])
    return NewEntry(
        organization_id=organization_id,
        occasion=Occasion(actor=actor, **written["occasion"]),
        action=Action(written["action"]),
        object_type=object_type,
        object_id=object_id,
        patient_id=written["patient"],
        patient_ids=written["patients"],
        reason=f"{number} further looks until {until:%Y-%m-%d %H:%M} UTC",
        count=number,
    )


def _prefix() -> str:
    """Installations that share a Valkey keep apart."""
    return f"audit:{connection.settings_dict['NAME']}"


def _organizations() -> str:
    return f"{_prefix()}:looks"


def _mark(organization_id: int, digest: str) -> str:
    return f"{_prefix()}:{organization_id}:look:{digest}"


def _tally(organization_id: int) -> str:
    return f"{_prefix()}:{organization_id}:looks"


def _who(tally: str) -> str:
    return f"{tally}:who"
