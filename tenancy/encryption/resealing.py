"""Seals the values of replaced keys with the keys in their place, in small pieces beside ongoing writes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from psycopg import sql

from tenancy.encryption.cache import Secret
from tenancy.encryption.envelope import Place, key_id_of, open_sealed, seal
from tenancy.encryption.errors import Shredded
from tenancy.encryption.keys import sealing_key, secret_of
from tenancy.encryption.owners import Purpose
from tenancy.encryption.patience import Patience
from tenancy.encryption.registry import SealedColumn
from tenancy.encryption.store import StoredKey, rows, run, tenant_keys

PAGE = 1000
# Rows that somebody is writing are left for later. In the end they are waited for, one at a time: no deadlock.
SKIP, WAIT = "FOR NO KEY UPDATE SKIP LOCKED", "LIMIT 1 FOR NO KEY UPDATE"

# Pages by id: under row-level security no index finds the values of a key, so each statement reads a bounded piece.
# A table whose primary key is another one has its pages by public_id, which PostgreSQL has no max() for.
_PAGE_END = sql.SQL(
    "SELECT (array_agg(position ORDER BY position DESC))[1] FROM "
    "(SELECT {position} AS position FROM {table} WHERE {scope} {position} > %s ORDER BY {position} LIMIT %s) AS page"
)
_SELECT = sql.SQL(
    "SELECT public_id, {column} FROM {table} "
    "WHERE {scope} {position} > %s AND {position} <= %s AND substring({column} from 2 for 4) = ANY(%s::bytea[]) {lock}"
)
_UPDATE = sql.SQL(
    "UPDATE {table} SET {column} = sent.value FROM unnest(%s::uuid[], %s::bytea[]) AS sent (public_id, value) "
    "WHERE {scope} {table}.public_id = sent.public_id"
)


@dataclass(frozen=True)
class Walk:
    """Over one sealed column, for up to a few hundred old keys at once."""

    column: SealedColumn
    organization_id: int | None
    old_keys: Sequence[StoredKey]
    using: str
    on_progress: Callable[[int], None]

    def run(self) -> int:
        old = {key.id: key for key in self.old_keys}
        successors = self._successors(old)
        done = 0
        for lock in (SKIP, WAIT):
            patience, after = Patience(PAGE), self._start
            while True:
                upto, count = patience.step(partial(self._step, after, lock, old, successors))
                if upto is None:
                    break
                if count:
                    done += count
                    self.on_progress(count)
                if lock == SKIP or not count:
                    after = upto
        return done

    def _successors(self, old: dict[int, StoredKey]) -> dict[int, Secret]:
        """The keys in the place of patients' keys, all in one question; the others are asked for one by one."""
        patients = {key.owner.patient_id: key.id for key in old.values() if key.owner.patient_id is not None}
        if self.organization_id is None or not patients:
            return {}
        condition = "purpose = %s AND is_active AND wrapped IS NOT NULL AND patient_id = ANY(%s)"
        with transaction.atomic(using=self.using):
            active = tenant_keys(
                self.organization_id, condition, [Purpose.RECORD.value, list(patients)], using=self.using
            )
            return {patients[key.owner.patient_id or 0]: secret_of(key, using=self.using) for key in active}

    def _step(
        self, after: Any, lock: str, old: dict[int, StoredKey], successors: dict[int, Secret], size: int
    ) -> tuple[Any, int]:
        """The last position of the page behind ``after``, None where there is none; how many it sealed anew."""
        scope = self._scope_parameters()
        with transaction.atomic(using=self.using):
            ((upto,),) = rows(self._sql(_PAGE_END), [*scope, after, size], self.using)
            if upto is None:
                return None, 0
            named = [struct.pack(">I", key_id) for key_id in old]
            found = rows(self._sql(_SELECT, lock), [*scope, after, upto, named], self.using)
            values = [self._sealed_anew(row, bytes(value), old, successors) for row, value in found]
            if found:
                run(self._sql(_UPDATE), [[row for row, _ in found], values, *scope], self.using)
        return upto, len(found)

    def _sealed_anew(self, row: Any, sealed: bytes, old: dict[int, StoredKey], successors: dict[int, Secret]) -> bytes:
        place = Place(self.organization_id, self.column.table, self.column.field.name, str(row))
        key = old.get(key_id_of(sealed, place))
        if key is None:
            return sealed
        text = open_sealed(sealed, cipher=secret_of(key, using=self.using).cipher, place=place)
        if key.id not in successors:
            try:
                successors[key.id] = sealing_key(key.owner, using=self.using)
            except Shredded:
                # Meanwhile: the value stays as it is, and opens no more.
                del old[key.id]
                return sealed
        successor = successors[key.id]
        return seal(text, key_id=successor.id, cipher=successor.cipher, place=place)

    def _sql(self, template: sql.SQL, lock: str = "") -> Any:
        table, column = sql.Identifier(self.column.table), sql.Identifier(self.column.column)
        scope = sql.SQL("" if self.organization_id is None else "{}.organization_id = %s AND").format(table)
        position = sql.Identifier("id" if self._has_id else "public_id")
        return template.format(table=table, column=column, scope=scope, position=position, lock=sql.SQL(lock))

    @property
    def _has_id(self) -> bool:
        return any(field.column == "id" for field in self.column.model._meta.local_concrete_fields)

    @property
    def _start(self) -> int | UUID:
        """Before every row."""
        return 0 if self._has_id else UUID(int=0)

    def _scope_parameters(self) -> list[int]:
        return [] if self.organization_id is None else [self.organization_id]
