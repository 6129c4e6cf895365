"""What the data plane asks of its database role: it sees several clinics at once, and must see nothing beside them."""

from __future__ import annotations

from typing import Any

import psycopg
import structlog
from django.core.exceptions import ImproperlyConfigured

from tenancy import roles

log = structlog.get_logger(__name__)
CONNECT_SECONDS = 5
# Whatever it is a member of it can become; an owner of a table can switch its policies off.
ROLE_QUERY = """
    SELECT current_user, EXISTS (
           SELECT 1 FROM pg_roles r
            WHERE pg_has_role(current_user, r.oid, 'MEMBER')
              AND (r.rolname <> %s OR r.rolsuper OR r.rolbypassrls
                   OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p'))))
"""
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
            _refuse(connection.execute(ROLE_QUERY, [roles.EDGE]).fetchone())
    except psycopg.OperationalError:
        log.warning("edge_database_away", detail="Its requests answer 503 until the database can be reached.")


async def refuse_another_roles_connection(connection: psycopg.AsyncConnection[Any]) -> None:
    _refuse(await (await connection.execute(ROLE_QUERY, [roles.EDGE])).fetchone())


def _refuse(row: tuple[Any, ...] | None) -> None:
    role, sees_more = row or ("", True)
    if sees_more:
        raise ImproperlyConfigured(
            f"The database role {role!r} is not the data plane's, or can do more than that. {WHAT_TO_DO}"
        )
