"""The one statement that adds to the ledger. It asks for nothing back: a patient's login may not read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model
from psycopg.types.json import Jsonb

from audit.actions import Action, Outcome
from audit.occasion import Occasion

# Field: old value, new value.
Changes = Mapping[str, tuple[Any, Any]]

_COLUMNS = """
    organization_id, actor_kind, actor_id, actor_name, actor_role, action, object_type, object_id, patient_id,
    patient_ids, ip, session, request_id, reason, outcome, count, changes
"""
# As many entries as there are objects in the one parameter.
INSERT = f"""
    INSERT INTO audit_entry ({_COLUMNS})
    SELECT {_COLUMNS} FROM jsonb_to_recordset(%(entries)s) AS new (
        organization_id bigint, actor_kind text, actor_id text, actor_name text, actor_role text, action text,
        object_type text, object_id text, patient_id bigint, patient_ids bigint[], ip inet, session text,
        request_id text, reason text, outcome text, count integer, changes jsonb
    )
"""  # noqa: S608  columns of ours

# Of an entry about a person's account; the function finds the clinics.
NO_ORGANIZATION = 0
_INSERT_FOR_PERSON = "SELECT audit_record_for_person(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class NewEntry:
    organization_id: int
    occasion: Occasion
    action: Action
    object_type: str
    object_id: str
    patient_id: int | None = None
    patient_ids: Sequence[int] | None = None
    reason: str = ""
    outcome: Outcome = Outcome.DONE
    count: int = 1
    changes: Changes | None = None

    def row(self) -> dict[str, Any]:
        occasion, actor = self.occasion, self.occasion.actor
        return {
            "organization_id": self.organization_id,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "actor_name": actor.name,
            "actor_role": actor.role,
            "action": self.action.value,
            "object_type": self.object_type,
            "object_id": self.object_id,
            "patient_id": self.patient_id,
            "patient_ids": None if self.patient_ids is None else list(self.patient_ids),
            "ip": occasion.ip,
            "session": occasion.session,
            "request_id": occasion.request_id,
            "reason": self.reason or occasion.reason,
            "outcome": self.outcome.value,
            "count": self.count,
            "changes": _ordered(self.changes),
        }


def insertion(entries: Iterable[NewEntry]) -> dict[str, Any]:
    """The parameters of INSERT."""
    return {"entries": Jsonb([entry.row() for entry in entries])}


def insert(entries: Iterable[NewEntry]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, insertion(entries))


def insert_for_person(user_public_id: UUID, entry: NewEntry) -> None:
    actor, occasion = entry.occasion.actor, entry.occasion
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_FOR_PERSON,
            [
                *(user_public_id, actor.kind, actor.id, actor.name, actor.role),
                *(entry.action.value, entry.object_type, entry.object_id),
                *(occasion.ip, occasion.session, occasion.request_id),
                *(entry.reason or occasion.reason, entry.outcome.value, entry.count),
            ],
        )


def _ordered(changes: Changes | None) -> list[list[Any]] | None:
    """A list, since an object in jsonb forgets the order of its keys."""
    if not changes:
        return None
    return [[field, plain(old), plain(new)] for field, (old, new) in changes.items()]


def plain(value: Any) -> Any:
    """What JSON can hold of a field's value."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, Model):
        return str(getattr(value, "public_id", value.pk))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, bytes | memoryview):
        raise TypeError("bytes do not go into the audit ledger; name the field, or give its sealed text")
    return str(value)
