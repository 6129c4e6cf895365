"""One database for each test process, cloned from the migrated one, used as the app role and emptied by the owner."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connections
from psycopg import sql

ALL_TABLES = """
    SELECT string_agg(format('%%I', relname), ', ')
      FROM pg_class JOIN pg_namespace namespace ON namespace.oid = relnamespace
     WHERE namespace.nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> ALL (%s)
"""
KEPT = ("django_migrations", "django_content_type", "auth_permission")


def process_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@contextmanager
def cloned_database() -> Iterator[str]:
    """Clone, point Django and the environment of child processes at the clone, and drop it afterwards."""
    owner_url = os.environ["DATABASE_OWNER_URL"]
    template = urlsplit(owner_url).path.lstrip("/")
    name = f"{template}_{process_name()}_{os.getpid()}"
    maintenance_url = with_database(owner_url, "postgres")
    _execute(maintenance_url, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, template))))
    former = {key: os.environ[key] for key in os.environ if key.startswith("DATABASE_") and key.endswith("URL")}
    os.environ.update({key: with_database(url, name) for key, url in former.items()})
    for alias in ("default", "owner"):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
    # Ids that no other process uses, since all share one Valkey, where keys carry the organization's id.
    first = (os.getpid() % 100_000) * 100_000 + 1
    _execute(
        os.environ["DATABASE_OWNER_URL"],
        sql.SQL("ALTER TABLE tenancy_organization ALTER COLUMN id RESTART WITH {}").format(sql.Literal(first)),
    )
    try:
        yield name
    finally:
        connections.close_all()
        os.environ.update(former)
        _drop(maintenance_url, name)


def empty_as_owner(*_: Any, **__: Any) -> None:
    """Stands in for Django's flush, which the app role has no right to."""
    # Not through Django: a test may use the default database only, and its end must not depend on that.
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        (tables,) = connection.execute(ALL_TABLES, [list(KEPT)]).fetchone() or ("",)
        connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(tables)))


def _drop(maintenance_url: str, name: str, *, seconds: float = 60) -> None:
    """An autovacuum worker in there is a superuser's process, which the owner may not end: it ends by itself."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            _execute(maintenance_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _execute(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
