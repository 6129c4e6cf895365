"""Months of a table that is partitioned by time. A definer function of the owner makes them; nobody else may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction
from psycopg import sql

MONTHS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class MonthlyPartitions:
    """``maker``: the definer function, which takes how many months ahead (at most 12) and returns how many it made."""

    table: str
    maker: str

    def ensure_months(self, *, ahead: int = MONTHS_AHEAD) -> int:
        """Make the partitions of this month and ``ahead`` more; returns how many were made."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.SQL("SELECT {}(%s)").format(sql.Identifier(self.maker)), [ahead])
            return int(cursor.fetchone()[0])

    def covered_until(self) -> datetime:
        """The first instant for which there is no partition."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT max(to_date(right(relname, 7), 'YYYY\"m\"MM')) + interval '1 month' FROM pg_class "
                "WHERE relname ~ %s AND relkind = 'r'",
                [f"^{self.table}_y[0-9]{{4}}m[0-9]{{2}}$"],
            )
            last: datetime = cursor.fetchone()[0]
        return last.replace(tzinfo=UTC)
