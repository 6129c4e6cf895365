"""Statements tell the database whose request or task they are of: in pg_stat_activity, in a slow query's line.

Django's psycopg prepares nothing on the server, so a text that differs with each request costs no plan. The data plane
does prepare, and leaves it out: its connections only have a name.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.db.backends import utils
from django.db.backends.postgresql.base import CursorDebugWrapper

from tenancy.request_ids import is_request_id


def named(sql: Any) -> Any:
    """Behind the statement, so that whoever looks at its first word finds it. Composed statements stay as they are."""
    if not isinstance(sql, str):
        return sql
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    # Looked at once more: this is SQL, and whoever bound it may have forgotten to.
    if not isinstance(request_id, str) or not is_request_id(request_id):
        return sql
    return f"{sql} /* request_id={request_id} */"


class NamedCursor(utils.CursorWrapper):
    # Here and not as an execute wrapper: those see, and tests count, what was meant.
    def _execute(self, sql: Any, params: Any, *ignored: Any) -> Any:
        return super()._execute(named(sql), params, *ignored)  # type: ignore[misc]


class NamedDebugCursor(CursorDebugWrapper):
    def _execute(self, sql: Any, params: Any, *ignored: Any) -> Any:
        return super()._execute(named(sql), params, *ignored)  # type: ignore[misc]
