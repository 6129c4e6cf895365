from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from patients.models import Patient
from reports.patient.alarms_page import alarms_page
from reports.patient.days_page import days_page
from reports.patient.devices_page import devices_page
from reports.patient.profile_page import profile_page
from reports.patient.statistics_page import statistics_page
from reports.patient.vitals.page import measure, observe, unmeasure, vitals_page

Page = Callable[[HttpRequest, Patient, dict[str, Any]], HttpResponse]
PAGES: dict[str, Page] = {
    "profile": profile_page,
    "days": days_page,
    "statistics": statistics_page,
    "vitals": vitals_page,
    "alarms": alarms_page,
    "devices": devices_page,
}


ACTS: dict[str, Page] = {"observe": observe, "measure": measure, "unmeasure": unmeasure}


def urls(
    admin_view: Callable[[Any], Any],
    visible: Callable[[HttpRequest, str], Patient],
    context: Callable[[HttpRequest], dict[str, Any]],
) -> Iterator[URLPattern]:
    """``visible`` finds the patient, or refuses as if there were none; ``context``: what every page has."""
    for name, page in PAGES.items():
        view = admin_view(require_safe(_view(page, visible, context)))
        yield path(f"<path:object_id>/{name}/", view, name=f"patients_patient_{name}")
    for name, act in ACTS.items():
        view = admin_view(require_POST(_view(act, visible, context)))
        yield path(f"<path:object_id>/{name}/", view, name=f"patients_patient_{name}")


def _view(
    page: Page, visible: Callable[[HttpRequest, str], Patient], context: Callable[[HttpRequest], dict[str, Any]]
) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, object_id: str) -> HttpResponse:
        return page(request, visible(request, object_id), context(request))

    return view
