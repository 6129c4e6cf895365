"""The rows of wrapped keys. SQL, since migrations run it as the owner, and each statement says what it locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections
from psycopg.sql import Composable

from tenancy.encryption.owners import PLATFORM, Owner

Statement = str | Composable


@dataclass(frozen=True, slots=True)
class StoredKey:
    """``wrapped`` None: shredded. ``parent_id``: the root that wraps it, or None where ``kek_id`` names what does."""

    id: int
    owner: Owner
    parent_id: int | None
    kek_id: str
    wrapped: bytes | None


_TENANT = "SELECT id, organization_id, purpose, patient_id, parent_id, kek_id, wrapped FROM tenancy_datakey"
_PLATFORM = "SELECT id, kek_id, wrapped FROM tenancy_platformkey"
# Held until the writer's transaction ends. Rotation locks the row against it before it puts another key in its place,
# so no value is ever stored under a key that rotation believes unused.
_WHILE_WRITING = "FOR KEY SHARE"


def active_key(owner: Owner, *, using: str, lock: str = _WHILE_WRITING) -> StoredKey | None:
    # A row that another transaction just replaced drops out after the wait for its lock: then its successor is there.
    return _active_key(owner, using, lock) or _active_key(owner, using, lock)


def _active_key(owner: Owner, using: str, lock: str) -> StoredKey | None:
    if owner.organization_id is None:
        return _one(f"{_PLATFORM} WHERE is_active {lock}", [], using)
    patient = "IS NULL" if owner.patient_id is None else "= %s"
    return _one(
        f"{_TENANT} WHERE organization_id = %s AND purpose = %s AND patient_id {patient} AND is_active {lock}",
        [owner.organization_id, str(owner.purpose), *([] if owner.patient_id is None else [owner.patient_id])],
        using,
    )


def key_with_id(organization_id: int | None, key_id: int, *, using: str) -> StoredKey | None:
    if organization_id is None:
        return _one(f"{_PLATFORM} WHERE id = %s", [key_id], using)
    return _one(f"{_TENANT} WHERE organization_id = %s AND id = %s", [organization_id, key_id], using)


def tenant_keys(organization_id: int, condition: str, parameters: Sequence[Any], *, using: str) -> list[StoredKey]:
    """Keys of the organization that meet ``condition``, which may end with a limit and a lock."""
    sql = f"{_TENANT} WHERE organization_id = %s AND {condition}"
    return [_stored(row) for row in rows(sql, [organization_id, *parameters], using)]


def platform_keys(*, using: str, lock: str = "") -> list[StoredKey]:
    return [_stored(row) for row in rows(f"{_PLATFORM} ORDER BY id {lock}", [], using)]


def next_key_id(*, using: str) -> int:
    return int(rows("SELECT nextval('tenancy_key_ids')", [], using)[0][0])


def next_key_ids(count: int, *, using: str) -> list[int]:
    drawn = rows("SELECT nextval('tenancy_key_ids') FROM generate_series(1, %s)", [count], using)
    return [int(key_id) for (key_id,) in drawn]


def insert_tenant_keys(organization_id: int, keys: Sequence[StoredKey], *, using: str) -> None:
    """Many in one statement; their owners have no active key."""
    run(
        "INSERT INTO tenancy_datakey "
        "(id, organization_id, purpose, patient_id, parent_id, kek_id, wrapped, is_active, created_at) "
        "SELECT id, %s, purpose, patient_id, parent_id, '', wrapped, true, now() "
        "FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bytea[]) "
        "AS sent (id, purpose, patient_id, parent_id, wrapped)",
        [
            organization_id,
            [key.id for key in keys],
            [str(key.owner.purpose) for key in keys],
            [key.owner.patient_id for key in keys],
            [key.parent_id for key in keys],
            [key.wrapped for key in keys],
        ],
        using,
    )


def insert_key(key: StoredKey, *, using: str) -> None:
    """Does nothing where the owner has an active key already: who comes second uses the first one's."""
    owner = key.owner
    if owner.organization_id is None:
        run(
            "INSERT INTO tenancy_platformkey (id, kek_id, wrapped, is_active, created_at) "
            "VALUES (%s, %s, %s, true, now()) ON CONFLICT DO NOTHING",
            [key.id, key.kek_id, key.wrapped],
            using,
        )
        return
    run(
        "INSERT INTO tenancy_datakey (id, organization_id, purpose, patient_id, parent_id, kek_id, wrapped, is_active, "
        "created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, true, now()) ON CONFLICT DO NOTHING",
        [key.id, owner.organization_id, str(owner.purpose), owner.patient_id, key.parent_id, key.kek_id, key.wrapped],
        using,
    )


def retire_keys(organization_id: int | None, key_ids: Sequence[int], *, using: str) -> None:
    """They open what they sealed, and seal nothing any more."""
    if organization_id is None:
        run("UPDATE tenancy_platformkey SET is_active = false WHERE id = ANY(%s)", [list(key_ids)], using)
        return
    run(
        "UPDATE tenancy_datakey SET is_active = false WHERE organization_id = %s AND id = ANY(%s)",
        [organization_id, list(key_ids)],
        using,
    )


def wrap_anew(key: StoredKey, *, using: str) -> None:
    """Store another wrapping of the same key."""
    if key.owner.organization_id is None:
        sql, whose = "UPDATE tenancy_platformkey SET kek_id = %s, wrapped = %s WHERE id = %s", [key.id]
        run(sql, [key.kek_id, key.wrapped, *whose], using)
        return
    run(
        "UPDATE tenancy_datakey SET parent_id = %s, kek_id = %s, wrapped = %s WHERE organization_id = %s AND id = %s",
        [key.parent_id, key.kek_id, key.wrapped, key.owner.organization_id, key.id],
        using,
    )


def delete_keys(organization_id: int | None, key_ids: Sequence[int], *, using: str) -> None:
    if organization_id is None:
        run("DELETE FROM tenancy_platformkey WHERE id = ANY(%s)", [list(key_ids)], using)
        return
    # A destroyed key stays: without its row, what it sealed would look tampered with.
    run(
        "DELETE FROM tenancy_datakey WHERE organization_id = %s AND id = ANY(%s) AND wrapped IS NOT NULL",
        [organization_id, list(key_ids)],
        using,
    )


def rows(sql: Statement, parameters: Sequence[Any], using: str) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def run(sql: Statement, parameters: Sequence[Any], using: str) -> int:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def _one(sql: str, parameters: Sequence[Any], using: str) -> StoredKey | None:
    found = rows(sql, parameters, using)
    return _stored(found[0]) if found else None


def _stored(row: tuple[Any, ...]) -> StoredKey:
    if len(row) == 3:
        key_id, kek_id, wrapped = row
        return StoredKey(key_id, PLATFORM, None, kek_id, _bytes(wrapped))
    key_id, organization_id, purpose, patient_id, parent_id, kek_id, wrapped = row
    return StoredKey(key_id, Owner(organization_id, purpose, patient_id), parent_id, kek_id, _bytes(wrapped))


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)
