"""The patient's alarms over a longer time than the overview shows, and how many there were."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from alerts.models import Episode, Severity
from patients.models import Patient
from reports.alarm_board.access import VIEWING, require
from reports.alarm_board.wording import severity_mark
from reports.alarm_timeline import alarm_section
from reports.glucose.standing import by_severity
from reports.patient.head import head_of

COUNTED = timedelta(days=14)


def alarms_page(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    require(request, VIEWING)
    context |= head_of(request, patient, "alarms")
    now = timezone.now()
    counted = by_severity(Episode.objects.of_patient(patient).confirmed().between(now - COUNTED, now))
    context |= {
        "title": f"Alarms of {patient}",
        "counts": [(severity_mark(one), one.label, counted[one.value]) for one in reversed(Severity)],
        **alarm_section(request, patient, usual="3d"),
    }
    return TemplateResponse(request, "workplace/patient_alarms.html", context)
