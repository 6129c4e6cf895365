"""What people read of an entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audit.actions import Action
from audit.models import Entry
from tenancy.encryption.errors import EncryptionError, Shredded
from tenancy.encryption.ledger import is_sealed_for_ledger, open_from_ledger

SEALED = "(sealed)"
GONE = "(destroyed)"
UNREADABLE = "(cannot be opened)"


@dataclass(frozen=True, slots=True)
class Change:
    field: str
    old: Any
    new: Any


def changes_of(entry: Entry, *, may_open: Callable[[str], bool] = lambda _: False) -> list[Change]:
    """In the order of their making. ``may_open``: whether the reader may see sealed fields of an object type."""
    opened = may_open(entry.object_type)
    return [
        Change(field, *(_shown(value, entry.object_type, field, opened) for value in (old, new)))
        for field, old, new in entry.changes or []
    ]


def action_words(entry: Entry) -> str:
    return Action(entry.action).label if entry.action in Action.values else entry.action


def _shown(value: Any, object_type: str, field: str, opened: bool) -> Any:
    if not is_sealed_for_ledger(value):
        return value
    if not opened:
        return SEALED
    try:
        return open_from_ledger(value, object_type=object_type, field=field)
    except Shredded:
        return GONE
    except EncryptionError:
        return UNREADABLE
