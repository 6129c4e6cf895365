"""Destroys a patient's keys: what they sealed, in this database, in the ledger and in backups, opens for nobody."""

from __future__ import annotations

from typing import Protocol

from django.db import DEFAULT_DB_ALIAS, transaction
from psycopg import sql

from tenancy.encryption.cache import KEYS
from tenancy.encryption.envelope import EMPTY
from tenancy.encryption.owners import Owner, Purpose
from tenancy.encryption.registry import SealedColumn, clinics_columns
from tenancy.encryption.store import StoredKey, insert_key, next_key_id, run, tenant_keys
from tenancy.scope import required_organization_id

USING = DEFAULT_DB_ALIAS


class UnknownPatient(LookupError):
    """The clinic in scope has no patient with this code."""


class Shredder(Protocol):
    """Patients stand above: who finds the patient, destroys the keys and tells the ledger is registered here."""

    def __call__(self, *, code: str, reason: str) -> int: ...


_shredders: list[Shredder] = []


def register_shredder(shredder: Shredder) -> None:
    _shredders[:] = [shredder]


def shred_patient(*, code: str, reason: str) -> int:
    """Returns how many keys were destroyed. Raises UnknownPatient."""
    return _shredders[0](code=code, reason=reason)


@transaction.atomic
def shred_patient_keys(patient_id: int) -> int:
    """Of the organization in scope. Returns how many keys were destroyed.

    Fields that may be empty are emptied, and so are all blind indexes: a digest would still confirm a guess. The rest
    stays as it is and opens no more. The patient gets no new keys.
    """
    organization_id = required_organization_id()
    # Waits for writers who seal with them: one that came later would leave a blind index of what is destroyed.
    tenant_keys(organization_id, "patient_id = %s FOR UPDATE", [patient_id], using=USING)
    count = run(
        "UPDATE tenancy_datakey SET wrapped = NULL, shredded_at = now() "
        "WHERE organization_id = %s AND patient_id = %s AND wrapped IS NOT NULL",
        [organization_id, patient_id],
        USING,
    )
    for purpose in (Purpose.RECORD, Purpose.LEDGER):
        owner = Owner(organization_id, purpose, patient_id)
        # Where no key was made yet, a destroyed one keeps the place: nothing may be sealed for this patient again.
        insert_key(StoredKey(next_key_id(using=USING), owner, None, "", None), using=USING)
    for column in clinics_columns():
        if column.patient_column:
            _empty(column, organization_id, patient_id)
    KEYS.forget_everywhere()
    transaction.on_commit(KEYS.forget_everywhere)
    return count


def _empty(column: SealedColumn, organization_id: int, patient_id: int) -> None:
    values: dict[str, bytes | None] = dict.fromkeys(column.index_columns)
    if column.field.null or column.field.blank:
        values[column.column] = None if column.field.null else EMPTY
    if not values:
        return
    statement = sql.SQL("UPDATE {table} SET {values} WHERE organization_id = %s AND {patient} = %s").format(
        table=sql.Identifier(column.table),
        values=sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values),
        patient=sql.Identifier(column.patient_column or ""),
    )
    run(statement, [*values.values(), organization_id, patient_id], USING)
