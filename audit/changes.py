"""Saving a row and telling the ledger what changed: one function, so that neither is forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models

from audit.actions import Action
from audit.services import record
from tenancy.encryption.fields import SealedTextField
from tenancy.encryption.ledger import sealed_text_for_ledger

# What says nothing that the entry does not say itself.
SELF_EVIDENT = frozenset({"id", "pk", "organization", "public_id", "created_at", "updated_at"})
# Field: the value, and the form in which the ledger keeps it.
Before = Mapping[str, tuple[Any, Any]]


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
    before = values_before(row, changes)
    for name, value in changes.items():
        setattr(row, name, value)
    row.full_clean(exclude=set(exclude))
    stamps = [field.name for field in row._meta.local_fields if field.name == "updated_at"]
    row.save(update_fields=[*sorted(changes), *stamps])
    record_update(row, before, object_id=object_id, patient_id=patient_id, reason=reason)


def values_before(row: Any, names: Iterable[str]) -> Before:
    """Ask before the change, and give it to ``record_update`` after it."""
    return {name: (getattr(row, name), value_for_ledger(row, name)) for name in names}


def record_update(
    row: Any,
    before: Before,
    *,
    object_id: str,
    patient_id: int | None = None,
    action: Action = Action.UPDATE,
    reason: str = "",
) -> None:
    record(
        action=action,
        object_type=row._meta.label_lower,
        object_id=object_id,
        patient_id=patient_id,
        changes={
            name: (shown, value_for_ledger(row, name))
            for name, (value, shown) in before.items()
            if value != getattr(row, name)
        },
        reason=reason,
    )


def record_creation(
    row: Any,
    *,
    object_id: str,
    patient_id: int | None = None,
    action: Action = Action.CREATE,
    skip: Iterable[str] = (),
    reason: str = "",
) -> None:
    """Record a row that was just saved, with every field that holds something. ``skip``: names of fields."""
    names = [field.name for field in row._meta.local_fields if not _is_left_out(field, skip)]
    record(
        action=action,
        object_type=row._meta.label_lower,
        object_id=object_id,
        patient_id=patient_id,
        changes={name: (None, value_for_ledger(row, name)) for name in names if getattr(row, name) not in (None, "")},
        reason=reason,
    )


def value_for_ledger(row: models.Model, name: str) -> Any:
    """Of a sealed field its sealed text, which opens only for whoever may read the field."""
    sealed = isinstance(row._meta.get_field(name), SealedTextField)
    return sealed_text_for_ledger(row, name) if sealed else getattr(row, name)


def _is_left_out(field: Any, skip: Iterable[str]) -> bool:
    # Digests of keys and of sealed values say nothing to a reader.
    is_digest = field.get_internal_type() == "BinaryField" and not isinstance(field, SealedTextField)
    return is_digest or field.name in SELF_EVIDENT or field.name in set(skip)
