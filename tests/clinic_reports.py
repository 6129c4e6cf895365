"""A batch of reports of a clinic, for tests about who sees it: of one patient it could not be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.models import BatchReport, ReportBatch

if TYPE_CHECKING:
    from tests.clinics import Clinic


def add_report_rows(clinic: Clinic, *, canaries: tuple[str, str]) -> None:
    batch = ReportBatch(
        member=clinic.people["nurse"], member_name=canaries[0], days=14, language="en", paper="a4", unit="mg/dL"
    )
    batch.save()
    for patient, canary, state in zip(clinic.patients, canaries, ("failed", "made"), strict=False):
        report = BatchReport(batch=batch, patient=patient, state=state, problem=canary if state == "failed" else "")
        report.pdf = f"%PDF {canary}".encode()
        report.save()
