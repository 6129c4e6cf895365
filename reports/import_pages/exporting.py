"""A patient's readings as a file, from the workplace."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone

from patients.models import Patient
from readings.api.exports import EXPORT, export_answer
from readings.exports import begin_export

FORMATS = {"xlsx": "Excel workbook", "csv": "CSV", "json": "JSON"}
PERIODS = {"14": "Last 14 days", "90": "Last 90 days", "365": "Last year", "all": "All readings"}


def export_page(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    _require(request)
    context |= {
        "title": f"Export readings of {patient}",
        "patient": patient,
        "formats": FORMATS,
        "periods": PERIODS,
    }
    return TemplateResponse(request, "workplace/export.html", context)


def export_file(request: HttpRequest, patient: Patient) -> HttpResponseBase:
    _require(request)
    ending, period = request.GET.get("format", ""), request.GET.get("period", "")
    export = begin_export(
        patient=patient,
        since=_since(period),
        until=None,
        with_copies=request.GET.get("copies") == "true",
    )
    principal = request.principal  # type: ignore[attr-defined]
    return export_answer(export, ending if ending in FORMATS else "csv", principal)


def _since(period: str) -> datetime | None:
    known = period if period in PERIODS else "14"
    return None if known == "all" else timezone.now() - timedelta(days=int(known))


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm(EXPORT):
        raise PermissionDenied
