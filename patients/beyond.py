"""The two steps that staff who are limited to their patients make beyond them: a new patient, and an emergency."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import connection

from tenancy.scope import current_scope


@dataclass(frozen=True, slots=True)
class HiddenPatient:
    """All that is told of a patient who is not one's own."""

    id: int
    public_id: uuid.UUID


def is_limited() -> bool:
    """Whether the caller sees the patients of their care team only."""
    scope = current_scope()
    return scope is not None and scope.assigned_patients is not None


def draw_patient_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('patients_patient', 'id'))")
        (number,) = cursor.fetchone()
    return int(number)


def patient_named(code: str) -> HiddenPatient | None:
    """By the exact code, whoever's patient it is."""
    if "\x00" in code:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, public_id FROM patients_named(%s)", [code])
        row = cursor.fetchone()
    return HiddenPatient(*row) if row else None
