"""A patient's report on the screen, and as the PDF that is printed and signed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from audit.actions import Action
from audit.services import record_look
from patients.models import Patient
from reports.clinic import current_clinic
from reports.glucose_report.answers import EXPORT, PRINTED, SEEN, VIEW, pdf_answer
from reports.glucose_report.choosing import PAPERS, choices_of
from reports.glucose_report.language import LANGUAGES
from reports.glucose_report.loading import report_content
from reports.glucose_report.pdf import report_pdf
from reports.glucose_report.subject import PERIODS
from reports.glucose_report.svg.parts import NARROW, WIDE, curve_picture, day_pictures, ranges_picture
from tenancy.models import GlucoseUnit


def report_page(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    _require(request, VIEW)
    choices = choices_of(request.GET, current_clinic(request))
    content = report_content(patient=patient, clinic=current_clinic(request), choices=choices)
    record_look(kind=SEEN, object_id=patient.code, patient_id=patient.pk)
    context |= {
        "title": f"Report of {patient}",
        "patient": patient,
        "content": content,
        "choices": choices,
        "periods": PERIODS,
        "units": GlucoseUnit.values,
        "languages": [(code.value, name) for code, name in LANGUAGES.items()],
        "papers": [(paper.value, name) for paper, name in PAPERS.items()],
        "query": urlencode(asdict(choices)),
        "may_print": request.user.has_perm(EXPORT),
        "ranges_picture": ranges_picture(content.ranges, "report-ranges"),
        "curves": [
            (name, curve_picture(content.curve, f"report-curve-{name}", size))
            for name, size in (("wide", WIDE), ("narrow", NARROW))
        ],
        "days": day_pictures(content),
    }
    return TemplateResponse(request, "workplace/report.html", context)


def report_file(request: HttpRequest, patient: Patient) -> HttpResponse:
    _require(request, EXPORT)
    choices = choices_of(request.GET, current_clinic(request))
    record_look(kind=PRINTED, object_id=patient.code, patient_id=patient.pk, action=Action.EXPORT, always=True)
    made_at = timezone.now()
    content = report_content(patient=patient, clinic=current_clinic(request), choices=choices, made_at=made_at)
    return pdf_answer(report_pdf(content, made_at=made_at), patient, choices.days)


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
