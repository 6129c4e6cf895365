from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from django.db import connection, models
from psycopg import sql


def insert(rows: Sequence[models.Model]) -> None:
    """New rows of one model in one statement, a column an array: as values one by one, most of the time of a month's
    records would go into writing them into the statement.
    """
    if not rows:
        return
    fields, statement = _statement(type(rows[0]))
    columns = [[_value(field, getattr(row, field.attname)) for row in rows] for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, columns)


@cache
def _statement(model: type[models.Model]) -> tuple[list[Any], sql.Composed]:
    # The composite primary key is no column.
    fields: list[Any] = [field for field in model._meta.local_concrete_fields if field.column is not None]
    arrays = [sql.SQL("%s::{}[]").format(sql.SQL(_type(field))) for field in fields]
    statement = sql.SQL("INSERT INTO {} ({}) SELECT * FROM unnest({})").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join([sql.Identifier(field.column) for field in fields]),
        sql.SQL(", ").join(arrays),
    )
    return fields, statement


def _type(field: Any) -> str:
    db_type = str(field.db_type(connection))
    return "text" if db_type.startswith("varchar") else db_type


def _value(field: Any, value: Any) -> Any:
    if value is not None and isinstance(field, models.JSONField):
        return msgspec.json.encode(value).decode()
    return value
