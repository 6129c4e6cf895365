"""Looks at patients' data, for all readers of a transaction at once: no entry, no data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis
import structlog

from accounts.acting import actor_of
from accounts.principals import PersonPrincipal
from audit.actions import Action
from audit.looks import COUNT_LOOKS, COVERED_SECONDS, counting, covering_key
from audit.occasion import Actor, Occasion
from audit.store import INSERT, NewEntry
from edge.callers import KeyPrincipal, Principal
from edge.database import Transaction
from edge.requests import Request

log = structlog.get_logger(__name__)


def occasion_of(request: Request, principal: Principal) -> Occasion:
    return Occasion(
        actor=_actor(principal),
        request_id=request.id,
        ip=request.address or None,
        session=str(principal.family_id) if isinstance(principal, PersonPrincipal) else "",
    )


def look(
    request: Request,
    principal: Principal,
    *,
    kind: str,
    object_id: str,
    patient_id: int | None = None,
    patient_ids: Sequence[int] | None = None,
) -> NewEntry:
    """``patient_id``: whose record; ``patient_ids``: of everybody whom a device measured."""
    return NewEntry(
        organization_id=principal.organization_id,
        occasion=occasion_of(request, principal),
        action=Action.READ,
        object_type=kind,
        object_id=object_id,
        patient_id=patient_id,
        patient_ids=patient_ids,
        count=1 if patient_ids is None else len(patient_ids),
    )


class Looks:
    def __init__(self, valkey: Any) -> None:
        self._valkey = valkey

    async def write(self, transaction: Transaction, looks: Sequence[NewEntry]) -> list[NewEntry]:
        """Count what earlier entries cover and write the rest; returns the rest, to be covered after the commit."""
        if not looks:
            return []
        covered = await self._counted(looks)
        written = [look for look, is_covered in zip(looks, covered, strict=True) if not is_covered]
        for entry in written:
            await transaction.fetch(INSERT, entry.parameters())
        return written

    async def cover(self, written: Sequence[NewEntry]) -> None:
        """Not before the commit: an entry that is rolled back covers nothing."""
        if not written:
            return
        try:
            async with self._valkey.pipeline(transaction=False) as steps:
                for entry in written:
                    steps.set(covering_key(entry), b"", ex=COVERED_SECONDS)
                await steps.execute()
        except redis.RedisError:
            log.warning("audit_look_not_covered", detail="Valkey is away: the next look writes an entry of its own.")

    async def _counted(self, looks: Sequence[NewEntry]) -> Sequence[int]:
        keys, arguments = counting(looks)
        try:
            covered: list[int] = await self._valkey.eval(COUNT_LOOKS, len(keys), *keys, *arguments)
        except redis.RedisError:
            return [0] * len(looks)
        return covered


def _actor(principal: Principal) -> Actor:
    if isinstance(principal, KeyPrincipal):
        role = "device" if principal.device_id else "organization"
        return Actor("key", str(principal.key_public_id), principal.key_name, role)
    return actor_of(principal)
