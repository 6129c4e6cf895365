from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import msgspec
from django.db import connection, models
from psycopg import sql

from readings.store.arrays import documents, numbers

# What JSON escapes and arrays do not know: to them it is the letter behind the backslash.
_ESCAPED = re.compile(rb'\\[^"\\]')


def insert(rows: Sequence[models.Model]) -> None:
    """New rows of one model in one statement, a column an array: as values one by one, most of the time of a month's
    records would go into writing them into the statement.
    """
    if not rows:
        return
    fields, statement = _statement(type(rows[0]))
    columns = [write([getattr(row, name) for row in rows]) for name, write in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, columns)


@cache
def _statement(model: type[models.Model]) -> tuple[list[tuple[str, Callable[[list[Any]], Any]]], sql.Composed]:
    # The composite primary key is no column.
    fields: list[Any] = [field for field in model._meta.local_concrete_fields if field.column is not None]
    types = [_type(field) for field in fields]
    statement = sql.SQL("INSERT INTO {} ({}) SELECT * FROM unnest({})").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join([sql.Identifier(field.column) for field in fields]),
        sql.SQL(", ").join([sql.SQL("%s::{}[]").format(sql.SQL(name)) for name in types]),
    )
    return [(field.attname, _WRITERS.get(name, list)) for field, name in zip(fields, types, strict=True)], statement


def _type(field: Any) -> str:
    db_type = str(field.db_type(connection))
    return "text" if db_type.startswith("varchar") else db_type


def _texts(values: list[Any]) -> Any:
    encoded = msgspec.json.encode(values)
    return values if _ESCAPED.search(encoded) else f"{{{encoded[1:-1].decode()}}}"


def _instants(values: list[Any]) -> str:
    return f"{{{','.join('NULL' if value is None else str(value) for value in values)}}}"


def _bytes(values: list[Any]) -> str:
    return f"{{{','.join('NULL' if value is None else _hex(value) for value in values)}}}"


def _hex(value: bytes) -> str:
    return f'"\\\\x{value.hex()}"'


# As PostgreSQL writes arrays: psycopg would take several times as long; what is not here is left to it.
_WRITERS: dict[str, Callable[[list[Any]], Any]] = {
    "bigint": numbers,
    "integer": numbers,
    "smallint": numbers,
    "boolean": numbers,
    "double precision": numbers,
    "text": _texts,
    "timestamp with time zone": _instants,
    "bytea": _bytes,
    "jsonb": documents,
}
