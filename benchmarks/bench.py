"""What every measurement is given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.db import connection, connections

from benchmarks.clinic import BenchmarkClinic


@dataclass(frozen=True, slots=True)
class Bench:
    clinic: BenchmarkClinic
    port: int
    directory: Path
    seconds: float
    connections: int
    import_rows: int

    def enter_scope(self, plain: psycopg.Connection) -> None:
        for statement in self.clinic.scope.statements():
            plain.execute(statement.encode())


def plain_connection() -> psycopg.Connection:
    """Beside Django, as the app role: what a plain client of the database does."""
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


@contextmanager
def django_as_owner() -> Iterator[None]:
    """Django's connection as the role that row-level security does not bind."""
    credentials = ("USER", "PASSWORD")
    former = {name: connection.settings_dict[name] for name in credentials}
    connection.close()
    connection.settings_dict.update({name: connections["owner"].settings_dict[name] for name in credentials})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(former)
