"""Rows about the worklist that the isolation tests look for: of each patient one of each kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import TYPE_CHECKING

from reports.models import CareState, SavedView, SeenAct
from reports.worklist.following import refresh

if TYPE_CHECKING:
    from tests.clinics import Clinic


def add_worklist_rows(clinic: Clinic, *, canaries: tuple[str, str]) -> None:
    """Needs the clinic's scope. ``canaries``: the clinic's, and that of its second patient's rows."""
    nurse, clinician, today = clinic.people["nurse"], clinic.people["clinician"], datetime.now(UTC).date()
    SavedView.objects.create(name=f"View {canaries[0]}", choices={"reason": "silent"})
    for patient, canary in zip(clinic.patients, chain(canaries, repeat(canaries[0])), strict=False):
        later = today + timedelta(days=3)
        CareState.objects.create(
            patient=patient, assigned_to=clinician, seen_by=nurse, seen_at=datetime.now(UTC), rests_until=later
        )
        SeenAct.objects.create(
            patient=patient, member=nurse, member_name=nurse.name, note=f"Called {canary}", rests_until=later
        )
    refresh([patient.pk for patient in clinic.patients])
