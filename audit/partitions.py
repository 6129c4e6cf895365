"""The months that entries can be written in."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection, transaction

MONTHS_AHEAD = 3


def ensure_months(*, ahead: int = MONTHS_AHEAD) -> int:
    """Make the partitions of this month and ``ahead`` (at most 12) more; returns how many were made."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT audit_ensure_months(%s)", [ahead])
        return int(cursor.fetchone()[0])


def covered_until() -> datetime:
    """The first instant for which there is no partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(to_date(right(relname, 7), 'YYYY\"m\"MM')) + interval '1 month' FROM pg_class "
            "WHERE relname ~ '^audit_entry_y[0-9]{4}m[0-9]{2}$' AND relkind = 'r'"
        )
        last: datetime = cursor.fetchone()[0]
    return last.replace(tzinfo=UTC)
