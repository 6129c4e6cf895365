"""How an organization's keys stand, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from django.db import DEFAULT_DB_ALIAS, transaction
from psycopg import sql

from tenancy.encryption.owners import Purpose
from tenancy.encryption.registry import SealedColumn, clinics_columns
from tenancy.encryption.store import platform_keys, rows

USING = DEFAULT_DB_ALIAS
_KEYS = """
    SELECT purpose, kek_id, is_active, wrapped IS NULL, count(*) FROM tenancy_datakey
     WHERE organization_id = %s GROUP BY 1, 2, 3, 4
"""
# Four bytes behind the first are the number of the key.
_VALUES = """
    SELECT count(*), count(*) FILTER (WHERE NOT key.is_active AND key.wrapped IS NOT NULL),
           count(*) FILTER (WHERE key.wrapped IS NULL)
      FROM {table} row
      LEFT JOIN tenancy_datakey key ON key.organization_id = row.organization_id
       AND key.id = ('x' || encode(substring(row.{column} from 2 for 4), 'hex'))::bit(32)::bigint
     WHERE row.organization_id = %s AND length(row.{column}) > 0
"""


@dataclass(frozen=True)
class ColumnStatus:
    name: str
    values: int
    on_replaced_keys: int
    unreadable: int


@dataclass
class KeyStatus:
    """``wrapped_by``: root keys by what wraps them. ``unreadable`` values are those whose key was destroyed."""

    wrapped_by: Counter[str] = field(default_factory=Counter)
    active: int = 0
    replaced: int = 0
    shredded: int = 0
    columns: list[ColumnStatus] = field(default_factory=list)


@transaction.atomic
def status_of(organization_id: int) -> KeyStatus:
    status = KeyStatus()
    for purpose, kek_id, is_active, is_shredded, count in rows(_KEYS, [organization_id], USING):
        if purpose == Purpose.ROOT:
            status.wrapped_by[kek_id] += count
        elif is_shredded:
            status.shredded += count
        elif is_active:
            status.active += count
        else:
            status.replaced += count
    status.columns = [_column_status(column, organization_id) for column in clinics_columns()]
    return status


def platform_status() -> Counter[str]:
    """The keys of persons' secrets, by what wraps them."""
    return Counter(key.kek_id for key in platform_keys(using=USING))


def _column_status(column: SealedColumn, organization_id: int) -> ColumnStatus:
    statement = sql.SQL(_VALUES).format(table=sql.Identifier(column.table), column=sql.Identifier(column.column))
    ((values, replaced, unreadable),) = rows(statement, [organization_id], USING)
    return ColumnStatus(f"{column.model._meta.label}.{column.field.name}", values, replaced, unreadable)
