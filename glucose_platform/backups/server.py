"""The database as its owner, and PostgreSQL's own programs, which get the password in their environment only."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import psycopg
from django.db import connections
from psycopg import Connection, pq, sql
from psycopg.conninfo import make_conninfo

from glucose_platform.backups.files import BackupError, Counts
from glucose_platform.embedded.programs import postgres_candidates

KEY_TABLES = ("tenancy_platformkey", "tenancy_datakey")
_TABLES = """
    SELECT c.relname, EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id')
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""


def addresses() -> dict[str, str]:
    """What libpq needs, by its keywords."""
    if "owner" not in connections:
        raise BackupError("DATABASE_OWNER_URL is not set. Give it for this command only, as for `manage.py migrate`.")
    parameters = connections["owner"].get_connection_params()
    return {name: str(parameters[name]) for name in _variables() if parameters.get(name) not in (None, "")}


def connect(*, autocommit: bool = False) -> Connection:
    try:
        return psycopg.connect(make_conninfo(**addresses()), autocommit=autocommit)
    except psycopg.OperationalError:
        raise BackupError("PostgreSQL does not let the owner in: check DATABASE_OWNER_URL and the server.") from None


def run_program(name: str, *arguments: str | Path, server_version: int) -> None:
    environment = {**os.environ, **{_variables()[key]: value for key, value in addresses().items()}}
    program = _program(name, server_version // 10_000)
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        # Its later lines may repeat rows.
        first = next((line for line in done.stderr.splitlines() if "error" in line), "no reason given")
        raise BackupError(f"{name} failed: {first[:300]}")


def count_rows(connection: Connection) -> Counts:
    """Of every table but those of keys, which have a file and times of their own."""
    codes: dict[int | None, str] = dict(connection.execute("SELECT id, code FROM tenancy_organization").fetchall())
    counts: Counts = {}
    for table, of_clinics in connection.execute(_TABLES).fetchall():
        if table in KEY_TABLES:
            continue
        clinic = sql.SQL("organization_id" if of_clinics else "NULL::bigint")
        statement = sql.SQL("SELECT {}, count(*) FROM {} GROUP BY 1").format(clinic, sql.Identifier(table))
        rows = connection.execute(statement).fetchall()
        counts[table] = {codes.get(number, ""): count for number, count in rows}
    return counts


def audit_heads(connection: Connection) -> dict[str, str]:
    statement = """
        SELECT DISTINCT ON (s.organization_id) o.code, encode(s.head, 'hex') FROM audit_seal s
          JOIN tenancy_organization o ON o.id = s.organization_id ORDER BY s.organization_id, s.number DESC
    """
    return dict(connection.execute(statement).fetchall())


def last_migrations(connection: Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT app, max(name) FROM django_migrations GROUP BY app").fetchall())


def tables(connection: Connection) -> list[str]:
    return [name for name, _ in connection.execute(_TABLES).fetchall()]


def _program(name: str, major: int) -> Path:
    """A program older than the server refuses it; a newer one writes what older servers do not read."""
    seen = []
    for directory in _directories():
        program = directory / name
        if not program.is_file():
            continue
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        found = re.search(r"(\d+)", answer.stdout)
        if found and int(found[1]) == major:
            return program
        seen.append(f"{program}: {answer.stdout.strip() or 'does not run'}")
    raise BackupError(
        f"{name} of PostgreSQL {major} was not found: install that version's client programs and set PG_BIN to their "
        f"directory. {'; '.join(seen)}"
    )


def _directories() -> Iterable[Path]:
    yield from postgres_candidates()
    yield from (Path(part) for part in os.environ.get("PATH", "").split(os.pathsep) if part)


def _variables() -> dict[str, str]:
    return {option.keyword.decode(): option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar}
