"""What the admin and REST have in common when they hand out a report."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from patients.models import Patient

VIEW, EXPORT = "readings.view_glucosereading", "readings.export_glucosereading"
# The kinds of look that the ledger knows.
SEEN, PRINTED = "reports.report", "reports.report_file"


def pdf_answer(pdf: bytes, patient: Patient, days: int) -> HttpResponse:
    """The file's name has the code and no name: names of files are seen by many."""
    name = f"glucose-report-{patient.code}-{days}d-{timezone.now():%Y-%m-%d}.pdf"
    response = HttpResponse(pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response
