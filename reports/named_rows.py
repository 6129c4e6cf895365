from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404


def row_named(rows: Any, text: str, field: str = "public_id") -> Any:
    """The row of a query set whose UUID a form names. Raises Http404, for what is no UUID as well."""
    try:
        found = rows.filter(**{field: uuid.UUID(text)}).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found
