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
from uuid import UUID

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
# The key: which clinics have tallies. The arguments: the installation's prefix, TALLY_SECONDS, now, and the marks of
# the looks; answers with a 1 for each that an earlier one covers and a 0 for the others. The other keys follow from the
# marks: to name them all would be six times as much to send, in the way of every read.
COUNT_LOOKS = """
local prefix, seconds, now = ARGV[1], ARGV[2], ARGV[3]
local marks, keys, covered = {}, {}, {}
for mark in string.gmatch(ARGV[4], '%S+') do
    marks[#marks + 1] = mark
    keys[#keys + 1] = prefix .. mark
end
for number, told in ipairs(redis.call('MGET', unpack(keys))) do
    covered[number] = told and '1' or '0'
    if told then
        local organization, digest = string.match(marks[number], '^(%d+):covered:(.+)$')
        local tally = prefix .. organization .. ':looks'
        local who = tally .. ':who'
        local count = redis.call('HINCRBY', tally, digest, 1)
        redis.call('HSET', who, digest, string.sub(told, 1, -2) .. ', "until": "' .. now .. '"}')
        if count == 1 then
            redis.call('SADD', KEYS[1], organization)
            redis.call('EXPIRE', tally, seconds)
            redis.call('EXPIRE', who, seconds)
        end
    end
end
return table.concat(covered)
"""

# In one step with the look at the tally: a look that is counted meanwhile names its clinic again.
_FORGET = "if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end"

log = structlog.get_logger(__name__)


def write_look(look: NewEntry) -> None:
    """Count the look where an earlier one covers it, and write it otherwise.

    What is counted may be rolled back with its request: the ledger then has a look too many, never one too few.
    """
    client: Any = limits_client()
    try:
        # In one round trip, since it stands in the way of every read.
        (is_covered,) = were_covered(client.eval(COUNT_LOOKS, *counting([_mark_of(look)])))
    except redis.RedisError:
        is_covered = False
    if is_covered:
        return
    insert([look])
    # Not before the commit: an entry that is rolled back covers nothing.
    transaction.on_commit(lambda: _cover(look), robust=True)


def counting(marks: Sequence[str]) -> list[Any]:
    """What COUNT_LOOKS takes: the number of keys, the key and the arguments."""
    return [1, _organizations(), _prefix(), TALLY_SECONDS, datetime.now(UTC).isoformat(), " ".join(marks)]


def were_covered(answer: bytes) -> list[bool]:
    """``answer``: of COUNT_LOOKS."""
    return [flag == ord("1") for flag in answer]


# Whoever looks looks again: a phone does every few seconds.
@lru_cache(maxsize=20_000)
def mark_of_look(
    organization_id: int,
    actor_kind: str,
    actor_id: str | UUID,
    session: str | UUID,
    object_type: str,
    object_id: str,
    patient_id: int | None,
    patient_ids: tuple[int, ...] | None,
) -> str:
    """What the looks of one person and sign-in at the same patients have in common, from wherever they come."""
    same = [actor_kind, str(actor_id), str(session), object_type, object_id, patient_id, patient_ids]
    digest = hashlib.sha256(json.dumps(same).encode()).hexdigest()[:32]
    return _mark(organization_id, digest)


def covering(look: NewEntry) -> tuple[str, str]:
    """A key and its value: set for COVERED_SECONDS once the look's entry is committed, it covers those that follow."""
    occasion = look.occasion
    told = {
        "occasion": asdict(Occasion(actor=occasion.actor, ip=occasion.ip, session=occasion.session)),
        "action": look.action.value,
        "object": [look.object_type, look.object_id],
        "patient": look.patient_id,
        "patients": _patients(look),
    }
    return _prefix() + _mark_of(look), json.dumps(told)


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
        back = client.pipeline().hincrby(tally, digest, number).hset(_who(tally), digest, who)
        back.sadd(_organizations(), organization_id).execute()
        raise
    return 1


def _finished(client: Any, organization_id: int) -> Iterator[tuple[str, str]]:
    tally = _tally(organization_id)
    digests = [digest.decode() for digest in client.hkeys(tally)]
    if not digests:
        client.eval(_FORGET, 2, tally, _organizations(), organization_id)
    for digest in digests:
        if not client.exists(_prefix() + _mark(organization_id, digest)):
            yield digest, tally


def _cover(look: NewEntry) -> None:
    key, told = covering(look)
    try:
        limits_client().set(key, told, ex=COVERED_SECONDS)
    except redis.RedisError:
        log.warning("audit_look_not_covered", detail="Valkey is away: the next look writes an entry of its own.")


def _mark_of(look: NewEntry) -> str:
    actor, session = look.occasion.actor, look.occasion.session
    return mark_of_look(
        look.organization_id, actor.kind, actor.id, session, look.object_type, look.object_id, look.patient_id,
        _patients(look),
    )  # fmt: skip


def _patients(look: NewEntry) -> tuple[int, ...] | None:
    return None if look.patient_ids is None else tuple(sorted(look.patient_ids))


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
    return f"audit:{connection.settings_dict['NAME']}:"


def _organizations() -> str:
    return f"{_prefix()}looks"


def _mark(organization_id: int, digest: str) -> str:
    return f"{organization_id}:covered:{digest}"


def _tally(organization_id: int) -> str:
    return f"{_prefix()}{organization_id}:looks"


def _who(tally: str) -> str:
    return f"{tally}:who"
