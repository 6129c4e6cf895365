from __future__ import annotations

from typing import Any


def apply_changes(row: Any, changes: dict[str, Any]) -> None:
    """Set, validate and save these fields, and ``updated_at``, of a model's row that the caller has locked.

    Raises ValidationError, and then nothing is saved.
    """
    for name, value in changes.items():
        setattr(row, name, value)
    row.full_clean()
    row.save(update_fields=[*sorted(changes), "updated_at"])
