"""Stays that the isolation tests look for: one that has ended, of each patient."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import TYPE_CHECKING

from patients.models import Admission
from tenancy.managers import audited_elsewhere

if TYPE_CHECKING:
    from tests.clinics import Clinic


def add_admission_rows(clinic: Clinic, *, canaries: tuple[str, str]) -> None:
    """Needs the clinic's scope. ``canaries``: the clinic's, and that of its second patient's rows."""
    now = datetime.now(UTC)
    with audited_elsewhere("rows of a test"):
        for patient, canary in zip(clinic.patients, chain(canaries, repeat(canaries[0])), strict=False):
            Admission.objects.create(
                patient=patient,
                status=Admission.Status.DISCHARGED,
                room=f"Room {canary}",
                admitted_at=now - timedelta(days=3),
                discharged_at=now - timedelta(days=1),
                member=clinic.people["nurse"],
                admitted_by=clinic.people["nurse"].name,
                discharge_notes=f"Went home well {canary}",
            )
