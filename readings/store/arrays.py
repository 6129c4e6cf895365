"""Arrays as PostgreSQL writes them.

psycopg would make them of lists in several times the time, and of a type that depends on the values: the same statement
would be prepared again and again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

_encode = msgspec.json.Encoder().encode


def numbers(values: Sequence[int | float | Decimal | None]) -> str:
    # Brackets apart, JSON's list of numbers, numbers in quotes and nulls is an array.
    return f"{{{_encode(values)[1:-1].decode()}}}"


def names(values: Sequence[str | UUID | None]) -> str:
    """Of codes and UUIDs, whose letters JSON and arrays write alike."""
    return f"{{{_encode(values)[1:-1].decode()}}}"


def instants(values: Iterable[datetime]) -> str:
    return f"{{{','.join(map(str, values))}}}"


def documents(values: Iterable[Any]) -> str:
    """JSON has no bare control characters: put into quotes once more, only quotes and backslashes get a backslash."""
    texts = [None if value is None else _encode(value).decode() for value in values]
    return f"{{{_encode(texts)[1:-1].decode()}}}"


def device_columns(keys: Collection[tuple[int, int]]) -> dict[str, Any]:
    """``keys``: organization and device."""
    return {"organization_id": numbers([key[0] for key in keys]), "device_id": numbers([key[1] for key in keys])}
