"""The report for apps: a picture of the page, or the page as PDF."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts.principals import signed_in_person
from audit.actions import Action
from audit.services import record_look
from patients.models import Patient
from reports.api.glucose.queries import ExactPeriodSerializer
from reports.glucose import Window
from reports.glucose_report.answers import EXPORT, PRINTED, pdf_answer
from reports.glucose_report.choosing import usual_choices
from reports.glucose_report.language import LanguageCode
from reports.glucose_report.loading import report_of_window
from reports.glucose_report.pdf import report_pdf
from reports.glucose_report.subject import Choices, Paper
from reports.glucose_report.svg.page import report_svg
from tenancy.models import GlucoseUnit, Organization
from tenancy.scope import required_organization_id


class ReportQuerySerializer(ExactPeriodSerializer):
    """Besides the period, how the page looks; language and paper are without meaning for JSON."""

    unit = serializers.ChoiceField(GlucoseUnit.values, required=False, help_text="the clinic's if left out")
    language = serializers.ChoiceField([code.value for code in LanguageCode], default="en", help_text="of the page")
    paper = serializers.ChoiceField(
        [paper.value for paper in Paper], required=False, help_text="of the page; by the clinic's clock if left out"
    )


def svg_page(request: Request, patient: Patient, window: Window) -> HttpResponse:
    clinic, choices = _asked(request, window)
    content = report_of_window(patient=patient, clinic=clinic, choices=choices, window=window, made_at=timezone.now())
    return HttpResponse(report_svg(content), content_type="image/svg+xml; charset=utf-8")


def pdf_page(request: Request, patient: Patient, window: Window) -> HttpResponse:
    """A file that leaves the platform: another right than to look."""
    if not signed_in_person(request).may(EXPORT):
        raise PermissionDenied("Your role may look at reports, and may not take them away as files.")
    clinic, choices = _asked(request, window)
    record_look(kind=PRINTED, object_id=patient.code, patient_id=patient.pk, action=Action.EXPORT, always=True)
    now = timezone.now()
    content = report_of_window(patient=patient, clinic=clinic, choices=choices, window=window, made_at=now)
    return pdf_answer(report_pdf(content, made_at=now), patient, window.days)


def _asked(request: Request, window: Window) -> tuple[Organization, Choices]:
    query = ReportQuerySerializer(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    chosen: dict[str, Any] = query.validated_data
    clinic = Organization.objects.get(pk=required_organization_id())
    usual = usual_choices(clinic)
    return clinic, Choices(
        days=window.days,
        language=LanguageCode(chosen["language"]),
        paper=Paper(chosen.get("paper", usual.paper)),
        unit=chosen.get("unit", usual.unit),
    )
