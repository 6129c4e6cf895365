"""Restores a backup into an empty database, with the newest keys: what was shredded since stays shredded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from audit.seals.epochs import begin_new_epoch
from glucose_platform.backups.files import BackupError, Keys, Manifest, checked_keys, checked_manifest, key_rows
from glucose_platform.backups.server import KEY_TABLES, connect, run_program, tables
from tenancy import roles
from tenancy.encryption.registry import clinics_columns

Tell = Callable[[str], Any]
# Keys of clinics and patients that came after the dump would meet others that get their ids.
_KNOWN = """
    INSERT INTO tenancy_datakey SELECT k.* FROM fresh_keys f, jsonb_populate_record(NULL::tenancy_datakey, f.held) k
     WHERE f.name = 'tenancy_datakey' AND EXISTS (SELECT 1 FROM tenancy_organization o WHERE o.id = k.organization_id)
       AND (k.patient_id IS NULL OR EXISTS (
            SELECT 1 FROM patients_patient p WHERE p.organization_id = k.organization_id AND p.id = k.patient_id))
"""
_PLATFORM = """
    INSERT INTO tenancy_platformkey SELECT k.*
      FROM fresh_keys f, jsonb_populate_record(NULL::tenancy_platformkey, f.held) k WHERE f.name = 'tenancy_platformkey'
"""
_NEXT_KEY = """
    SELECT setval('tenancy_key_ids', GREATEST((SELECT last_value FROM tenancy_key_ids),
        (SELECT max(id) FROM tenancy_datakey), (SELECT max(id) FROM tenancy_platformkey)))
"""


def restore_backup(*, directory: Path, keys_directory: Path, tell: Tell) -> Manifest:
    tell("Checking the files …")
    manifest, dump = checked_manifest(directory)
    keys = checked_keys(keys_directory, manifest)
    with connect(autocommit=True) as connection:
        if present := tables(connection):
            raise BackupError(
                f"The database {connection.info.dbname} is not empty: it has {len(present)} tables. Restore into a new "
                "one: `manage.py database prepare --admin-url URL --database NAME`, and give its DATABASE_OWNER_URL."
            )
        tell(f"Restoring {dump.name} …")
        _restore(connection, dump)
        tell("Loading the keys …")
        with connection.transaction():
            _load_keys(connection, keys)
            emptied = _empty_what_was_shredded(connection)
    begin_new_epoch()
    tell(f"Restored the backup of {manifest.made_at} with the keys of {keys.made_at}.")
    if emptied:
        tell(f"{emptied} values of patients who were shredded are emptied once more.")
    return manifest


def _restore(connection: Connection, dump: Path) -> None:
    """All or nothing. The look-up role's functions are handed over to it, for which it must be able to make some."""
    lookup = sql.Identifier(roles.LOOKUP)
    connection.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(lookup))
    try:
        run_program(
            "pg_restore",
            *("--single-transaction", "--exit-on-error", f"--dbname={connection.info.dbname}", dump),
            server_version=connection.info.server_version,
        )
    finally:
        connection.execute(sql.SQL("REVOKE CREATE ON SCHEMA public FROM {}").format(lookup))


def _load_keys(connection: Connection, keys: Keys) -> None:
    connection.execute("CREATE TEMPORARY TABLE fresh_keys (name text, held jsonb) ON COMMIT DROP")
    with connection.cursor().copy("COPY fresh_keys FROM STDIN") as copy:
        for entry in key_rows(keys):
            if entry["table"] in KEY_TABLES:
                copy.write_row((entry["table"], Jsonb(entry["row"])))
    connection.execute(_PLATFORM)
    connection.execute(_KNOWN)
    connection.execute(_NEXT_KEY)


def _empty_what_was_shredded(connection: Connection) -> int:
    """The dump may be of before: a digest would still confirm a guess."""
    emptied = 0
    for column in clinics_columns():
        names = column.index_columns
        if not column.patient_column or not names:
            continue
        index = [sql.Identifier(name) for name in names]
        statement = sql.SQL(
            "UPDATE {table} t SET {values} WHERE ({held}) AND EXISTS (SELECT 1 FROM tenancy_datakey k WHERE"
            " k.organization_id = t.organization_id AND k.patient_id = t.{patient} AND k.shredded_at IS NOT NULL)"
        ).format(
            table=sql.Identifier(column.table),
            values=sql.SQL(", ").join(sql.SQL("{} = NULL").format(name) for name in index),
            held=sql.SQL(" OR ").join(sql.SQL("{} IS NOT NULL").format(name) for name in index),
            patient=sql.Identifier(column.patient_column),
        )
        emptied += connection.execute(statement).rowcount
    return emptied
