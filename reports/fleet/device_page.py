"""One device: how it does and why, what it told of itself, its log, its settings, and whom it measured."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.services import record_look
from devices.api.views import DEVICE
from devices.fleet.api.logs import LEVELS, matching
from devices.fleet.health import KEY_ENDS_SOON, Facts, facts_of, health, notices, warnings
from devices.fleet.models import Battery, Calibration, DeviceLog, HeartbeatSample, LogLevel
from devices.fleet.settings import settings_of
from devices.health import Connectivity, connectivity
from devices.hidden_periods import devices_in_hidden_periods
from devices.models import Assignment, Device, DeviceKey
from reports.alarm_board.access import require
from reports.clinic import current_clinic
from reports.fleet.acting import CHANGING, VIEWING, SettingsForm
from reports.fleet.chart import charts
from reports.named_rows import row_named
from tenancy.wording import age_words

PERIODS = {1: "1 day", 7: "7 days", 30: "30 days", 90: "90 days"}
LOGS_AT_ONCE, SHOWN = 50, 20
READING_LOGS, SEEING_KEYS = "devices.view_devicelog", "devices.view_devicekey"


@require_safe
def fleet_device_page(request: HttpRequest, device: uuid.UUID) -> HttpResponse:
    require(request, VIEWING)
    found: Device = row_named(Device.objects, str(device))
    now, may = timezone.now(), request.user.has_perm
    (facts,) = facts_of([found], now)
    assignments = list(Assignment.objects.filter(device=found).select_related("patient")[:SHOWN])
    measured = {assignment.patient_id for assignment in assignments}
    record_look(kind=DEVICE, object_id=found.code, patient_ids=sorted(measured))
    context = {
        **admin.site.each_context(request),
        "title": found.code,
        "device": found,
        "facts": facts,
        "state": facts.state,
        "health": health(facts, now),
        "warnings": warnings(facts, now),
        "notices": notices(facts),
        "heard": age_words(now - found.last_seen_at) if found.last_seen_at else "",
        "is_online": connectivity(found, now) == Connectivity.ONLINE,
        "facts_of_heartbeat": _told(facts, now),
        "battery": Battery.objects.filter(device=found).first(),
        "calibrations": Calibration.objects.filter(device=found)[:5],
        "assignments": assignments,
        "another_teams": bool(devices_in_hidden_periods([found.pk], now)),
        "keys": _keys(found, now) if may(SEEING_KEYS) else None,
        "may_change": may(CHANGING) and found.status != Device.Status.RETIRED,
        "form": SettingsForm(instance=settings_of(found), initial={"reading_interval": found.reading_interval}),
        **_pictures(request, found, now),
        **(_logs(request, found) if may(READING_LOGS) else {}),
    }
    return TemplateResponse(request, "workplace/fleet_device.html", context)


def _told(facts: Facts, now: datetime) -> list[tuple[str, str]]:
    """The newest heartbeat in words, without what it did not say."""
    state = facts.state
    if state is None or state.heard_at is None:
        return []
    figures = [
        ("Says of itself", state.status.replace("_", " ")),
        ("Battery", _figure(state.battery_level, "%")),
        ("Network", _figure(state.signal_strength, "dBm")),
        ("Temperature", _figure(state.temperature, "°C")),
        ("Memory in use", _figure(state.memory_usage, "%")),
        ("Processor in use", _figure(state.cpu_usage, "%")),
        ("Running for", age_words(timedelta(seconds=state.uptime)).removesuffix(" ago") if state.uptime else ""),
        ("Clock", _clock(state.clock_skew)),
        ("Firmware", state.firmware_version),
        ("Works with settings", f"version {state.settings_version}" if state.settings_version else "not told"),
        ("Heard", age_words(now - state.heard_at)),
    ]
    return [(name, words) for name, words in figures if words]


def _figure(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:g} {unit}"


def _clock(skew: int | None) -> str:
    if skew is None:
        return ""
    return "right" if abs(skew) < 5 else f"{abs(skew):,} s {'ahead' if skew > 0 else 'behind'}"


def _pictures(request: HttpRequest, device: Device, now: datetime) -> dict[str, Any]:
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isdecimal() and len(asked) < 3 and int(asked) in PERIODS else 7
    since = now - timedelta(days=days)
    samples = HeartbeatSample.objects.filter(device=device, sampled_at__gt=since).order_by("sampled_at")
    zone = ZoneInfo(current_clinic(request).timezone)
    return {"pictures": charts(list(samples), since, now, zone), "days": days, "periods": PERIODS}


def _logs(request: HttpRequest, device: Device) -> dict[str, Any]:
    level = request.GET.get("level", "")
    search = request.GET.get("text", "").replace("\x00", "").strip()[:100]
    before = request.GET.get("before", "")
    entries = DeviceLog.objects.filter(device=device)
    if level in LEVELS:
        entries = entries.filter(level__gte=LEVELS[level])
    if before.isdecimal() and len(before) < 19:
        entries = entries.filter(number__lt=int(before))
    if search:
        entries = matching(entries, search)
    found = list(entries.order_by("-number")[: LOGS_AT_ONCE + 1])
    shown = found[:LOGS_AT_ONCE]
    return {
        "may_read_logs": True,
        "entries": [(entry, LogLevel(entry.level), _written(entry.context)) for entry in shown],
        "older": shown[-1].number if len(found) > LOGS_AT_ONCE else None,
        "levels": LogLevel,
        "level": level if level in LEVELS else "",
        "text": search,
        "is_searched": bool(level in LEVELS or search or before),
    }


def _written(context: Any) -> str:
    return json.dumps(context, ensure_ascii=False) if context else ""


def _keys(device: Device, now: datetime) -> list[tuple[DeviceKey, bool]]:
    """Live ones, each with whether it ends soon."""
    return [
        (key, key.expires_at is not None and key.expires_at <= now + KEY_ENDS_SOON)
        for key in DeviceKey.objects.live().filter(device=device)[:SHOWN]
    ]
