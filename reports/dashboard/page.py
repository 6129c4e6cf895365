from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from audit.services import record_look
from reports.alarm_board.access import membership_id
from reports.clinic import clinic_zone, current_clinic
from reports.dashboard import figures
from reports.worklist.choices import Choices
from reports.worklist.reading import WORKLIST, counts, current_ranking
from reports.worklist.rows import rows_of
from reports.worklist.services import VIEWING
from reports.worklist.words import Clock

FIRST_OF_WORKLIST = 10


def dashboard_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Each part for those who may open the page that it leads to."""
    may, now, unit = request.user.has_perm, timezone.now(), current_clinic(request).glucose_unit
    today = now.astimezone(clinic_zone(request)).date()
    context |= {"title": "Today", "now": now}
    if may("patients.view_patient"):
        context["patients"] = figures.patients(now)
    if may("devices.view_device"):
        context["devices"] = figures.devices()
    if may("alerts.view_episode"):
        context["alarms"] = figures.alarms()
    if may("readings.view_glucosereading"):
        context["in_range"] = figures.trend("timeInRange", "14d", today=today, unit=unit)
        context["readings"] = figures.trend("readings", "1d", today=today, unit=unit)
    if may("dexcom_sync.view_connection"):
        context["connections"] = figures.connections()
    if may("readings.export_glucosereading"):
        context["working"] = figures.working()
    if may(VIEWING):
        context |= _worklist(request, now, unit)
    return TemplateResponse(request, "workplace/dashboard.html", context)


def _worklist(request: HttpRequest, now: datetime, unit: str) -> dict[str, Any]:
    """The first of those who need somebody, as the list shows them when it is opened."""
    ranking = current_ranking(now)
    places = Choices().places(ranking, membership_id(request))[:FIRST_OF_WORKLIST]
    rows = rows_of(ranking, places.tolist(), Clock(now, unit))
    record_look(kind=WORKLIST, patient_ids=[row.patient.pk for row in rows])
    return {"rows": rows, "counts": counts(ranking), "everybody": len(ranking.facts)}
