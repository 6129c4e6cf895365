"""Patients who were taken off the lists, and the way back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from audit.services import record_look
from patients.models import Patient
from patients.services import unarchive_patient

SIZE = 100


def archived_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    if request.method == "POST":
        code = request.POST.get("patient", "")
        if patient := Patient.objects.archived().with_code(code).first():
            unarchive_patient(patient=patient)
            messages.success(request, "The patient is back on the lists.")
            return HttpResponseRedirect(reverse("admin:patients_patient_page", args=[patient.pk]))
        return HttpResponseRedirect(request.path)
    page = Paginator(Patient.objects.archived(), SIZE).get_page(request.GET.get("page"))
    record_look(kind="patients.patient", patient_ids=[patient.pk for patient in page])
    return TemplateResponse(request, "workplace/archived.html", {**context, "title": "Archived patients", "page": page})
