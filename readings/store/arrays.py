"""Arrays as PostgreSQL writes them.

psycopg would make them of lists in several times the time, and of a type that depends on the values: the same statement
would be prepared again and again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any


def numbers(values: Sequence[int | float | Decimal | None]) -> str:
    # Brackets apart, JSON's list of numbers and nulls is an array.
    return f"{{{json.dumps(values, default=str)[1:-1]}}}"


def instants(values: Iterable[datetime]) -> str:
    return f"{{{','.join(map(str, values))}}}"


def documents(values: Iterable[dict[str, Any] | None]) -> str:
    """JSON's text is ASCII: put into quotes once more, only quotes and backslashes are escaped, as in an array."""
    return f"{{{json.dumps([None if value is None else json.dumps(value) for value in values])[1:-1]}}}"
