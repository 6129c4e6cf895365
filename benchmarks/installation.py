"""PostgreSQL, Valkey and a database of the benchmark's own, on a disk with fsync on, gone when it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.errors import BenchmarkError
from glucose_platform import embedded
from glucose_platform.embedded.places import existing_places
from glucose_platform.embedded.postgres import SUPERUSER, Postgres
from glucose_platform.embedded.state import load
from tenancy.encryption.generate import new_installation

PROTECTED_TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity AND relkind IN ('r', 'p')"
UNLIMITED = "100000000/minute"
PROJECT = Path(__file__).resolve().parent.parent
# Beginnings of names. Nothing else of the caller's environment reaches what is measured: above all no other database.
KEPT_VARIABLES = (
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "LC_",
    "TERM",
    "COLUMNS",
    "PG_BIN",
    "LD_",
    "DYLD_",
    "PYTHON",
    "COVERAGE",
)


@contextmanager
def installation() -> Iterator[Path]:
    """Points this process's environment, and so its children's, at a migrated database; yields a scratch directory."""
    directory = Path(tempfile.mkdtemp(prefix="glucose-benchmark-"))
    state = directory / "state"
    try:
        services = _started(state)
        for name in [name for name in os.environ if not name.startswith(KEPT_VARIABLES)]:
            del os.environ[name]
        os.environ.update(services.environment())
        os.environ.update(
            APP_ENV="production",
            **new_installation(datetime.now(UTC).date()),
            GLUCOSE_STATE_DIR=str(state),
            PUBLIC_URL="https://benchmark.invalid",
            # Against abuse. Here few people and keys do what thousands would.
            LIMIT_READS=UNLIMITED,
            LIMIT_DEVICE_WRITES=UNLIMITED,
            # Tokens are made once, before all that is measured with them.
            ACCESS_TOKEN_EXPIRE_MINUTES="60",  # noqa: S106  minutes
            SECURE_SSL_REDIRECT="false",
            DJANGO_SETTINGS_MODULE="glucose_platform.settings",
        )
        _migrate()
        yield directory
    finally:
        embedded.remove(state)
        shutil.rmtree(directory, ignore_errors=True)


def service_pids() -> dict[str, int]:
    """The process at the top of PostgreSQL and of Valkey, by name."""
    found = embedded.status(_state_directory()).services
    return {service.name: service.pid for service in found if service.pid is not None}


def superuser_connection() -> psycopg.Connection:
    """To the measured database, for what no role of the platform may do."""
    state = _state_directory()
    record = load(state)
    if record is None:
        raise BenchmarkError("The benchmark's PostgreSQL has never been started.")
    address = Postgres(existing_places(state, record), record.password(SUPERUSER), record.volatile).admin_url
    database = conninfo_to_dict(os.environ["DATABASE_OWNER_URL"])["dbname"]
    return psycopg.connect(address, dbname=str(database), autocommit=True)


@contextmanager
def without_row_level_security() -> Iterator[None]:
    """The policies of every table switched off; on again at the end."""
    with superuser_connection() as plain:
        tables = [name for (name,) in plain.execute(PROTECTED_TABLES).fetchall()]
        try:
            for table in tables:
                plain.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY".encode())
            yield
        finally:
            for table in tables:
                plain.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY".encode())


def _state_directory() -> Path:
    return embedded.state_directory(os.environ)


def _started(state: Path) -> embedded.Services:
    try:
        return embedded.start(state)
    except embedded.EmbeddedError as error:
        raise BenchmarkError(f"PostgreSQL and Valkey of the benchmark's own cannot start: {error}") from error


def _migrate() -> None:
    command = [sys.executable, "manage.py", "migrate", "--skip-checks", "--verbosity", "0"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"The database cannot be migrated:\n{done.stderr}")
