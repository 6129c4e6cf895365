"""What people read of an entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware, localtime

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


def object_words(object_type: str) -> str:
    """What kind of record: as its model calls itself; of a kind that is no model, its own word."""
    model = _model(object_type)
    return str(model._meta.verbose_name) if model else object_type.rpartition(".")[2]


def field_words(object_type: str, field: str) -> str:
    model = _model(object_type)
    try:
        found = model._meta.get_field(field) if model else None
    except FieldDoesNotExist:
        found = None
    return str(getattr(found, "verbose_name", field.replace("_", " ")))


def value_words(value: Any) -> Any:
    """As a page of the clinic shows it: instants in its zone, yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value == "":
        return "nothing"
    instant = _instant(value)
    return value if instant is None else f"{localtime(instant):%-d %b %Y, %H:%M:%S}"


def _model(object_type: str) -> type[models.Model] | None:
    try:
        return apps.get_model(object_type)
    except (LookupError, ValueError):
        return None


def _instant(value: Any) -> datetime | None:
    try:
        instant = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return instant if instant is not None and is_aware(instant) else None


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
