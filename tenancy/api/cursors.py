"""Cursors of lists that no query set pages: the place of the last row that was given, opaque to who gives it back."""

from __future__ import annotations

import base64
import json
from typing import Any


def cursor_at(*place: str | float | None) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place_at(cursor: str, length: int) -> list[Any]:
    """The ``length`` values of the place, of any kind. Raises ValueError for what was not given out."""
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except RecursionError:
        raise ValueError("nested too deep") from None
    # PostgreSQL takes no NUL in a text.
    if not isinstance(place, list) or len(place) != length or any("\0" in str(value) for value in place):
        raise ValueError("not a place of this list")
    return place
