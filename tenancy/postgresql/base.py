"""Django's PostgreSQL backend, with the tenant scope set at the start of every outermost transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from tenancy.postgresql.naming import NamedCursor, NamedDebugCursor
from tenancy.scope import Scope, current_scope


class DatabaseWrapper(base.DatabaseWrapper):
    def make_cursor(self, cursor: Any) -> NamedCursor:
        return NamedCursor(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> NamedDebugCursor:
        return NamedDebugCursor(cursor, self)

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]
        scope = current_scope()
        if autocommit or scope is None:
            return
        try:
            self.run_scope_statements(scope.statements())
        except BaseException:
            # Django has not noted the change of mode yet: a half-begun transaction must not be reused.
            self.close()
            raise

    def run_scope_statements(self, statements: Iterable[str]) -> None:
        with self.wrap_database_errors, self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def close_scope(self, scope: Scope) -> None:
        """Shut the tenant tables for the rest of a transaction that outlives the scope."""
        if self.connection is not None and self.connection.info.transaction_status == TransactionStatus.INTRANS:
            self.run_scope_statements(scope.closing_statements())
