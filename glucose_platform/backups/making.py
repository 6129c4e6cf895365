"""Makes a backup: dump, keys and counts are of one moment."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from psycopg import Connection, sql

from glucose_platform.backups.files import BackupError, Manifest, finish, private_directory, sha256_of, stamp, written
from glucose_platform.backups.server import (
    KEY_TABLES,
    audit_heads,
    connect,
    count_rows,
    last_migrations,
    run_program,
)

Tell = Callable[[str], Any]


def make_backup(*, to: Path, keys_to: Path, tell: Tell) -> None:
    to, keys_to = private_directory(to).resolve(), private_directory(keys_to).resolve()
    if to == keys_to or to in keys_to.parents or keys_to in to.parents:
        raise BackupError("Keys and dump must lie apart: give --keys-to another directory, best on another machine.")
    with connect() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # Held open while pg_dump works with its snapshot, which may be for hours.
        for timeout in ("idle_in_transaction_session_timeout", "statement_timeout"):
            connection.execute(f"SET LOCAL {timeout} = 0")
        name = stamp()
        dump = to / f"glucose-{name}.dump"
        tell("Dumping the database …")
        _dump(connection, dump)
        tell("Counting rows …")
        keys = keys_to / f"glucose-{name}.keys.jsonl"
        count = _write_keys(connection, keys, made_at=name)
        manifest = Manifest(
            made_at=name,
            dump=dump.name,
            sha256=sha256_of(dump),
            migrations=last_migrations(connection),
            counts=count_rows(connection),
            audit_heads=audit_heads(connection),
        )
    # Last: a backup without a manifest is none.
    manifest.save(to / f"glucose-{name}.manifest.json")
    rows = sum(sum(clinics.values()) for clinics in manifest.counts.values())
    tell(f"{dump}: {dump.stat().st_size / 1e6:,.1f} MB, {rows:,} rows in {len(manifest.counts)} tables.")
    tell(f"{keys}: {count:,} data keys. Keep them apart, for 30 days at most, so that what is shredded is forgotten.")


def _dump(connection: Connection, path: Path) -> None:
    ((snapshot,),) = connection.execute("SELECT pg_export_snapshot()").fetchall()
    temporary = path.with_name(f"{path.name}.unfinished")
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    without = [f"--exclude-table-data={table}" for table in KEY_TABLES]
    try:
        run_program(
            "pg_dump",
            *("--format=custom", f"--snapshot={snapshot}", "--lock-wait-timeout=60s", *without, f"--file={temporary}"),
            server_version=connection.info.server_version,
        )
        finish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_keys(connection: Connection, path: Path, *, made_at: str) -> int:
    digest, count = hashlib.sha256(), 0
    with written(path) as file:
        file.write(json.dumps({"made_at": made_at}) + "\n")
        for table in KEY_TABLES:
            with connection.cursor(f"keys_{table}") as cursor:
                cursor.execute(sql.SQL("SELECT to_jsonb(t) FROM {} t").format(sql.Identifier(table)))
                for (row,) in cursor:
                    line = json.dumps({"table": table, "row": row}) + "\n"
                    digest.update(line.encode())
                    file.write(line)
                    count += 1
        file.write(json.dumps({"sha256": digest.hexdigest()}) + "\n")
    return count
