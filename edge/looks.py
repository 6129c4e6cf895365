"""Looks at patients' data, for all readers of a transaction at once: no entry, no data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import redis
import structlog

from accounts.acting import actor_of, kind_of_actor
from accounts.principals import PersonPrincipal
from audit.actions import Action
from audit.looks import COUNT_LOOKS, COVERED_SECONDS, counting, covering, mark_of_look, were_covered
from audit.occasion import Actor, Occasion
from audit.store import INSERT, NewEntry, insertion
from edge.callers import KeyPrincipal, Principal
from edge.database import Transaction
from edge.requests import Request

log = structlog.get_logger(__name__)


def occasion_of(request: Request, principal: Principal) -> Occasion:
    return Occasion(
        actor=_actor(principal),
        request_id=request.id,
        ip=request.address or None,
        session=str(principal.sign_in_id) if isinstance(principal, PersonPrincipal) else "",
    )


class Look(NamedTuple):
    """``patient_id``: whose record; ``patient_ids``: of everybody whom a device measured."""

    request: Request
    principal: Principal
    kind: str
    object_id: str
    patient_id: int | None = None
    patient_ids: tuple[int, ...] | None = None

    def mark(self) -> str:
        """Without the entry, which most looks do not need: an earlier one covers them."""
        principal = self.principal
        kind, actor_id, session = _session(principal)
        return mark_of_look(
            principal.organization_id, kind, actor_id, session, self.kind, self.object_id, self.patient_id,
            self.patient_ids,
        )  # fmt: skip

    def entry(self) -> NewEntry:
        return NewEntry(
            organization_id=self.principal.organization_id,
            occasion=occasion_of(self.request, self.principal),
            action=Action.READ,
            object_type=self.kind,
            object_id=self.object_id,
            patient_id=self.patient_id,
            patient_ids=self.patient_ids,
            count=1 if self.patient_ids is None else len(self.patient_ids),
        )


class Looks:
    def __init__(self, valkey: Any) -> None:
        self._valkey = valkey

    async def write(self, transaction: Transaction, looks: Sequence[Look]) -> list[NewEntry]:
        """Count what earlier entries cover and write the rest; returns the rest, to be covered after the commit."""
        if not looks:
            return []
        covered = await self._counted(looks)
        written = [look.entry() for look, is_covered in zip(looks, covered, strict=True) if not is_covered]
        if written:
            transaction.defer(INSERT, insertion(written))
        return written

    async def cover(self, written: Sequence[NewEntry]) -> None:
        """Not before the commit: an entry that is rolled back covers nothing."""
        if not written:
            return
        try:
            async with self._valkey.pipeline(transaction=False) as steps:
                for entry in written:
                    key, told = covering(entry)
                    steps.set(key, told, ex=COVERED_SECONDS)
                await steps.execute()
        except redis.RedisError:
            log.warning("audit_look_not_covered", detail="Valkey is away: the next look writes an entry of its own.")

    async def _counted(self, looks: Sequence[Look]) -> Sequence[bool]:
        try:
            return were_covered(await self._valkey.eval(COUNT_LOOKS, *counting([look.mark() for look in looks])))
        except redis.RedisError:
            return [False] * len(looks)


def _actor(principal: Principal) -> Actor:
    if isinstance(principal, KeyPrincipal):
        role = "device" if principal.device_id else "organization"
        return Actor("key", str(principal.key_public_id), principal.key_name, role)
    return actor_of(principal)


def _session(principal: Principal) -> tuple[str, UUID, UUID | str]:
    """Kind and id of the actor, and the sign-in. UUIDs as they are: making text of them takes longer."""
    if isinstance(principal, KeyPrincipal):
        return "key", principal.key_public_id, ""
    kind = kind_of_actor(principal)
    return kind, principal.user_public_id, principal.sign_in_id or ""
