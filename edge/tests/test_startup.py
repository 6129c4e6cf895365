"""With which database role the data plane serves, and with which it refuses to."""

from __future__ import annotations

import asyncio
import os
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from psycopg_pool import PoolTimeout

from edge.database import PooledDatabase
from edge.startup import refuse_another_role, refuse_another_roles_connection
from tenancy.tests.test_startup import start

pytestmark = [pytest.mark.django_db, pytest.mark.promise(4)]
START_WHOLE = ["-c", "import glucose_platform.asgi"]
OTHERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_PLATFORM_URL")


def nowhere(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:1", query=""))


def test_as_the_data_plane_it_starts() -> None:
    done = start(START_WHOLE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", OTHERS)
def test_another_role_is_refused(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="is not the data plane's, or can do more"):
        refuse_another_role(os.environ[name])


def test_the_process_says_so() -> None:
    done = start(START_WHOLE, DATABASE_EDGE_URL=os.environ["DATABASE_URL"])
    assert done.returncode != 0
    assert "The database role 'glucose_app' is not the data plane's" in done.stderr
    assert "set DATABASE_EDGE_URL to the glucose_edge line it prints" in done.stderr


def test_without_a_url_it_refuses() -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_EDGE_URL is not set"):
        refuse_another_role("")


def test_while_both_databases_are_away_it_starts() -> None:
    changes = {name: nowhere(os.environ[name]) for name in ("DATABASE_URL", "DATABASE_EDGE_URL")}
    done = start(START_WHOLE, **changes)
    assert done.returncode == 0, done.stderr
    assert "edge_database_away" in done.stdout + done.stderr


def test_every_new_connection_is_looked_at() -> None:
    """A database that was away at the start is asked then: another role's connections never serve."""

    async def connect(url: str) -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await refuse_another_roles_connection(connection)

    asyncio.run(connect(os.environ["DATABASE_EDGE_URL"]))
    with pytest.raises(ImproperlyConfigured):
        asyncio.run(connect(os.environ["DATABASE_URL"]))


def test_a_pool_of_another_role_gives_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.database.POOL_SECONDS", 0.5)

    async def ask() -> None:
        database = PooledDatabase(os.environ["DATABASE_URL"], smallest=1, largest=2)
        await database.open()
        try:
            await database.look_up("SELECT 1", {})
        finally:
            await database.close()

    with pytest.raises(PoolTimeout):
        asyncio.run(ask())
