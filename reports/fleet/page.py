"""All devices of the clinic: how many do well, which do not and why, and the same change of many at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.services import record_look
from devices.api.views import DEVICE
from devices.fleet.health import Facts, facts_of, warnings, with_health
from devices.fleet.models import DeviceSettings
from devices.fleet.services import STATUSES
from devices.fleet.settings import SHORTEST_INTERVAL
from devices.health import LOW_BATTERY_PERCENT, Health
from devices.hidden_periods import devices_in_hidden_periods
from devices.models import Device
from reports.alarm_board.access import require
from reports.fleet.choices import BATTERIES, HEALTHS, NEED, SORTS, Choices
from reports.fleet.choices import STATUSES as SHOWN_STATUSES
from tenancy.wording import age_words

VIEWING, CHANGING, EXPORTING = "devices.view_device", "devices.change_device", "devices.export_device"
SIZE = 50
MOST_VERSIONS = 50
SHOWN_REASONS = 2


@dataclass(frozen=True, slots=True)
class Row:
    device: Any
    health: Health
    reasons: list[str]
    more: int
    patient: Any
    is_worn_by_hidden: bool
    heard: str
    signal: int | None
    battery_is_low: bool


@require_safe
def fleet_page(request: HttpRequest) -> HttpResponse:
    require(request, VIEWING)
    now, choices = timezone.now(), Choices.of(request.GET)
    page = Paginator(choices.in_order(choices.devices(now)), SIZE).get_page(request.GET.get("page", "1"))
    rows = rows_of(page, now)
    counts = dict(with_health(Device.objects.in_use(), now).order_by().values_list("health").annotate(Count("pk")))
    context = {
        **admin.site.each_context(request),
        "title": "Fleet",
        "choices": choices,
        "healths": HEALTHS,
        "statuses": SHOWN_STATUSES,
        "batteries": BATTERIES,
        "versions": firmware_versions(),
        "sorts": SORTS,
        "counts": [(health, f"{counts.get(health.value, 0):,}") for health in NEED],
        "found": f"{page.paginator.count:,}",
        "everybody": f"{sum(counts.values()):,}",
        "rows": rows,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "may_change": request.user.has_perm(CHANGING),
        "may_export": request.user.has_perm(EXPORTING),
        "new_statuses": STATUSES,
        "samplings": DeviceSettings.SamplingRate,
        "shortest": SHORTEST_INTERVAL,
        "address": f"{choices.query}&page={page.number}",
    }
    return TemplateResponse(request, "workplace/fleet.html", context)


def rows_of(devices: Any, now: datetime) -> list[Row]:
    """The look at whom they measure is recorded."""
    ids = [device.pk for device in devices]
    shown = {device.pk: device for device in Device.objects.filter(pk__in=ids).with_patients_at(now)}
    hidden = devices_in_hidden_periods(ids, now)
    facts = facts_of(list(devices), now)
    rows = [_row(one, shown[one.device.pk], one.device.pk in hidden, now) for one in facts]
    record_look(kind=DEVICE, patient_ids=sorted({row.patient.pk for row in rows if row.patient}))
    return rows


def _row(facts: Facts, worn: Any, is_hidden: bool, now: datetime) -> Row:
    device: Any = facts.device
    state, found = facts.newest(now), warnings(facts, now)
    return Row(
        device=device,
        health=Health(device.health),
        reasons=found[:SHOWN_REASONS],
        more=max(0, len(found) - SHOWN_REASONS),
        patient=next((period.patient for period in worn.assignments_in_force), None),
        is_worn_by_hidden=is_hidden,
        heard=age_words(now - device.last_seen_at) if device.last_seen_at else "",
        signal=state.signal_strength if state else None,
        battery_is_low=device.battery_level is not None and device.battery_level < LOW_BATTERY_PERCENT,
    )


def firmware_versions() -> list[str]:
    """Those that most devices have."""
    counted = Device.objects.in_use().order_by().values_list("firmware_version").annotate(number=Count("pk"))
    return sorted(version or "unknown" for version, _ in counted.order_by("-number")[:MOST_VERSIONS])
