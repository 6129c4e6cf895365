"""What the data plane asks of its database role: it sees several clinics at once, and must see nothing beside them."""

from __future__ import annotations

from typing import Any

import psycopg
import structlog
from django.core.exceptions import ImproperlyConfigured

from tenancy import roles
from tenancy.startup import ONLY_THIS_ROLE

log = structlog.get_logger(__name__)
CONNECT_SECONDS = 5
WHAT_TO_DO = (
    "Run `manage.py database prepare --admin-url URL` and set DATABASE_EDGE_URL to the glucose_edge line it prints."
)


def refuse_another_role(url: str) -> None:
    """Raises ImproperlyConfigured. A database that is away is asked later, at each new connection."""
    if not url:
        raise ImproperlyConfigured(
            f"DATABASE_EDGE_URL is not set: glucose_platform.asgi serves the data plane with it. {WHAT_TO_DO} "
            "To serve without the data plane, start glucose_platform.wsgi."
        )
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
            _refuse(connection.execute(ONLY_THIS_ROLE, [roles.EDGE]).fetchone())
    except psycopg.OperationalError:
        log.warning("edge_database_away", detail="Its requests answer 503 until the database can be reached.")


async def refuse_another_roles_connection(connection: psycopg.AsyncConnection[Any]) -> None:
    _refuse(await (await connection.execute(ONLY_THIS_ROLE, [roles.EDGE])).fetchone())


def _refuse(row: tuple[Any, ...] | None) -> None:
    role, sees_more = row or ("", True)
    if sees_more:
        raise ImproperlyConfigured(
            f"The database role {role!r} is not the data plane's, or can do more than that. {WHAT_TO_DO}"
        )
