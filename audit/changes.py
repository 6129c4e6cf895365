"""Saving a row and telling the ledger what changed: one function, so that neither is forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model

from audit.actions import Action
from audit.services import record
from audit.store import Changes


def apply_changes(
    row: Any,
    changes: Mapping[str, Any],
    *,
    object_id: str,
    patient_id: int | None = None,
    exclude: Iterable[str] = (),
    reason: str = "",
) -> None:
    """Set, validate and save these fields, and ``updated_at``, of a row that the caller has locked; and record it.

    Values stand in the ledger in the order of ``changes``, of sealed fields sealed. ``exclude``: fields that are not
    validated. Raises ValidationError, and then nothing is saved.
    """
    before = values_for_ledger(row, changes)
    for name, value in changes.items():
        setattr(row, name, value)
    row.full_clean(exclude=set(exclude))
    stamps = [field.name for field in row._meta.local_fields if field.name == "updated_at"]
    row.save(update_fields=[*sorted(changes), *stamps])
    record(
        action=Action.UPDATE,
        object_type=row._meta.label_lower,
        object_id=object_id,
        patient_id=patient_id,
        changes=changed_values(before, values_for_ledger(row, changes)),
        reason=reason,
    )


def record_creation(row: Any, *, object_id: str, patient_id: int | None = None, skip: Iterable[str] = ()) -> None:
    """Record a row that was just saved, with every field that holds something. ``skip``: names of fields."""
    left_out = {"id", "pk", "organization", "public_id", "created_at", "updated_at", *skip}
    names = [field.name for field in row._meta.local_fields if field.name not in left_out]
    values = {name: value for name, value in values_for_ledger(row, names).items() if value not in (None, "")}
    record(
        action=Action.CREATE,
        object_type=row._meta.label_lower,
        object_id=object_id,
        patient_id=patient_id,
        changes={name: (None, value) for name, value in values.items()},
    )


def values_for_ledger(row: Model, names: Iterable[str]) -> dict[str, Any]:
    """Values by field; of a sealed field its sealed text, which opens only for whoever may read the field."""
    return {name: _value(row, name) for name in names}


def changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def _value(row: Any, name: str) -> Any:
    return getattr(row, name)
