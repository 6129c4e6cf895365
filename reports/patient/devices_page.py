"""What measures the patient, what did so before, and how each device does."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from devices.fleet.health import facts_of, warnings
from devices.health import OUT_OF_USE, Connectivity, connectivity
from devices.models import Assignment
from patients.models import Patient
from reports.alarm_board.access import require
from reports.patient.head import head_of
from tenancy.wording import age_words

VIEW = "devices.view_device"


def devices_page(request: HttpRequest, patient: Patient, context: dict[str, Any]) -> HttpResponse:
    require(request, VIEW)
    context |= head_of(request, patient, "devices")
    context |= {
        "title": f"Devices of {patient}",
        "lines": [_line(assignment) for assignment in context["assignments"]],
    }
    return TemplateResponse(request, "workplace/patient_devices.html", context)


def _line(assignment: Assignment) -> dict[str, Any]:
    """Whether it sends is asked only of what is worn now."""
    device, now = assignment.device, timezone.now()
    is_worn = assignment.ends_at is None and device.status not in OUT_OF_USE
    return {
        "assignment": assignment,
        "device": device,
        "is_worn": is_worn,
        "is_online": connectivity(device, now) == Connectivity.ONLINE,
        "heard": age_words(now - device.last_seen_at) if device.last_seen_at else "",
        "warnings": [sentence for facts in facts_of([device], now) for sentence in warnings(facts, now)]
        if is_worn
        else [],
    }
