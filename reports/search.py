"""Finding a patient or a device from any page."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.dataclasses import SearchResult

from audit.services import record_look
from devices.models import Device
from patients.models import Patient

MOST = 20
# The kind of look: names and codes of patients.
SEARCH = "patients.patient"


def search_results(request: HttpRequest) -> HttpResponse:
    """For the command palette: asked anew each time, so nothing of one clinic is remembered in another."""
    term = request.GET.get("s", "").replace("\x00", "").strip()[:100]
    if not term:
        return HttpResponse()
    results = [*_patients(request, term), *_devices(request, term)]
    page = Paginator(results, 2 * MOST)
    context = {"page_obj": page, "results": page.page(1), "page_counter": 0, "execution_time": 0}
    template = "command_results" if "extended" in request.GET else "search_results"
    return TemplateResponse(request, f"unfold/helpers/{template}.html", context, headers={"HX-Trigger": "search"})


class NamedAutocomplete(AutocompleteJsonView):
    """Names alone would not tell two patients of one name apart."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.found: list[int] = []
        response = super().get(request, *args, **kwargs)
        record_look(kind=SEARCH, patient_ids=sorted(self.found))
        return response

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        if isinstance(obj, Patient):
            self.found.append(obj.pk)
        text = f"{obj} ({obj.code})" if isinstance(obj, Patient) else str(obj)
        return {**super().serialize_result(obj, to_field_name), "text": text}


def _patients(request: HttpRequest, term: str) -> list[SearchResult]:
    if not request.user.has_perm("patients.view_patient"):
        return []
    found = Patient.objects.current().found_by(term)
    patients = list(found[:MOST])
    record_look(kind=SEARCH, patient_ids=sorted(patient.pk for patient in patients))
    return [
        SearchResult(
            title=str(patient),
            description=patient.code,
            link=reverse("admin:patients_patient_page", args=[patient.pk]),
            icon="person",
        )
        for patient in patients
    ]


def _devices(request: HttpRequest, term: str) -> list[SearchResult]:
    if not request.user.has_perm("devices.view_device"):
        return []
    found = Device.objects.filter(Q(code__icontains=term) | Q(name__icontains=term))[:MOST]
    return [
        SearchResult(
            title=device.code,
            description=device.name or "Device",
            link=reverse("admin:devices_device_page", args=[device.pk]),
            icon="sensors",
        )
        for device in found
    ]
