"""The months that readings can be stored in, and the history partition below them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

from tenancy.partitions import MonthlyPartitions

_MONTHS = MonthlyPartitions("readings_glucosereading", maker="readings_ensure_months")
ensure_months = _MONTHS.ensure_months
covered_until = _MONTHS.covered_until
# What devices measure of themselves.
SENSOR_VALUES = MonthlyPartitions("readings_sensorvalue", maker="readings_sensorvalue_ensure_months")

_SIZES = """
    SELECT CASE WHEN relname ~ '_history' THEN 'history' ELSE 'months' END, count(*), sum(pg_total_relation_size(oid)),
           sum(greatest(reltuples, 0))
      FROM pg_class
     WHERE relname ~ '^readings_glucosereading_(history|y[0-9]{4}m[0-9]{2}$)' AND relkind = 'r' AND relispartition
     GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class PartitionSize:
    """``rows`` as the last ANALYZE found them."""

    tables: int
    bytes: int
    rows: int


def drop_empty_months() -> int:
    """Let the history partition reach over empty months that are older than two years; returns how many went.

    A reading of such a month can still be stored. Raises OperationalError where the table is not free within a second.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT readings_drop_empty_months()")
        return int(cursor.fetchone()[0])


def partition_sizes() -> dict[str, PartitionSize]:
    """Of the "history" and of all "months". Imports of old readings fill the history, which is never divided."""
    with connection.cursor() as cursor:
        cursor.execute(_SIZES)
        return {kind: PartitionSize(tables, int(size), int(rows)) for kind, tables, size, rows in cursor.fetchall()}
