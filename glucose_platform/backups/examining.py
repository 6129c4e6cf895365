"""Whether a restored database is what its manifest says, and can be read."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from audit.seals.verifying import verify_organization
from glucose_platform.backups.files import Manifest
from glucose_platform.backups.server import connect, count_rows, last_migrations
from tenancy.directory import OrganizationIdentity, all_organizations
from tenancy.encryption.errors import EncryptionError, Shredded
from tenancy.encryption.registry import clinics_columns
from tenancy.scope import organization_scope

# Patients who were shredded may come first.
MOST_TRIED = 1_000


def faults_of_rows(manifest: Manifest) -> Iterator[str]:
    with connect() as connection:
        found, migrations = count_rows(connection), last_migrations(connection)
    for table in sorted(manifest.counts.keys() | found.keys()):
        expected, present = manifest.counts.get(table, {}), found.get(table, {})
        for clinic in sorted(expected.keys() | present.keys()):
            wanted, count = expected.get(clinic, 0), present.get(clinic, 0)
            if wanted != count:
                of = f" of {clinic}" if clinic else ""
                yield f"{table}{of} has {count:,} rows, and the backup counted {wanted:,}."
    if migrations != manifest.migrations:
        yield "The schema is not the one that was dumped: the migrations differ."


def examine_clinic(clinic: OrganizationIdentity, *, published_head: str) -> tuple[str, list[str]]:
    """What was found, in words, and what is wrong."""
    with organization_scope(clinic.id):
        ledger = verify_organization(published_head=published_head)
        with transaction.atomic():
            opened, destroyed, faults = _open_one()
    says = f"{clinic.code}: {ledger.entries:,} entries of the ledger in {ledger.seals:,} seals verified"
    says += f", {ledger.unsealed:,} not sealed yet; "
    says += f"{opened} opened" if opened else "no sealed value was there to open"
    if destroyed:
        says += f", {destroyed:,} before it are of destroyed keys"
    return f"{says}.", [f"{clinic.code}: {fault}" for fault in (*ledger.faults, *faults)]


def examine_clinics(manifest: Manifest) -> Iterator[tuple[str, list[str]]]:
    for clinic in all_organizations():
        yield examine_clinic(clinic, published_head=manifest.audit_heads.get(clinic.code, ""))


def _open_one() -> tuple[str, int, list[str]]:
    destroyed = 0
    for column in clinics_columns():
        rows = column.model._default_manager.filter(**{f"{column.field.name}__isnull": False}).order_by("pk")
        for row in rows[:MOST_TRIED]:
            name = f"{column.model._meta.label}.{column.field.name}"
            try:
                if getattr(row, column.field.name):
                    return f"a value of {name}", destroyed, []
            except Shredded:
                destroyed += 1
            except EncryptionError as error:
                return "", destroyed, [f"{name} does not open with these keys ({type(error).__name__})."]
    return "", destroyed, []
