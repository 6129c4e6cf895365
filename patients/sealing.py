"""Seals what earlier versions stored as plain text. Run by a migration, as the owner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenancy.encryption.blind_index import blind_index
from tenancy.encryption.envelope import Place
from tenancy.encryption.keys import open_text, seal_text
from tenancy.encryption.owners import Owner, Purpose
from tenancy.encryption.store import rows, run
from tenancy.scope import organization_scope

TABLE = "patients_patient"
FIELDS = ("email", "phone")
_UPDATE = "UPDATE patients_patient SET {values} WHERE organization_id = %s AND id = %s"
_SELECT = (
    "SELECT organization_id, id, public_id, {column} FROM patients_patient WHERE {column} <> {empty} ORDER BY 1, 2"
)


def seal_contacts(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    for field in FIELDS:
        for organization_id, patient_id, public_id, text in _values(f"plain_{field}", "''", using):
            sealed = seal_text(
                text,
                owner=Owner(organization_id, Purpose.RECORD, patient_id),
                place=Place(organization_id, TABLE, field, str(public_id)),
                using=using,
            )
            with organization_scope(organization_id):
                index = blind_index(field=field, value=text, using=using)
            run(
                _UPDATE.format(values=f"{field} = %s, {field}_index = %s"),
                [sealed, index, organization_id, patient_id],
                using,
            )


def unseal_contacts(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    for field in FIELDS:
        for organization_id, patient_id, public_id, sealed in _values(field, "''::bytea", using):
            place = Place(organization_id, TABLE, field, str(public_id))
            run(
                _UPDATE.format(values=f"plain_{field} = %s"),
                [open_text(bytes(sealed), place=place, using=using), organization_id, patient_id],
                using,
            )


def _values(column: str, empty: str, using: str) -> Iterator[tuple[int, int, Any, Any]]:
    yield from rows(_SELECT.format(column=column, empty=empty), [], using)
