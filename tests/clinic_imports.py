"""Imports of a clinic's patients, for tests about who sees them."""

from __future__ import annotations

from readings.models import ImportJob
from tests.clinics import Clinic


def add_import_rows(clinic: Clinic, *, canaries: tuple[str, str]) -> None:
    for patient, canary in zip(clinic.patients, canaries, strict=False):
        job = ImportJob(
            patient=patient,
            member=clinic.people["nurse"],
            member_name=canary,
            state=ImportJob.State.DONE,
            format="clarity",
            unit="mg/dL",
            timezone="UTC",
            refused=1,
        )
        job.refusals = [(4, canary)]
        job.save()
