"""What the theme asks for on every page; the settings name these by dotted path."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from reports.alarm_board.badge import badge_words
from reports.clinic import current_clinic
from reports.sign_in import staff_places

ALARMS = "admin:alarms"


def site_header(request: HttpRequest) -> str:
    principal = getattr(request, "principal", None)
    return principal.organization_name if principal else "Glucose Platform"


def site_subheader(request: HttpRequest) -> str:
    principal = getattr(request, "principal", None)
    return f"Glucose in {current_clinic(request).glucose_unit}" if principal else ""


def environment(request: HttpRequest) -> list[str] | None:
    return None if settings.PRODUCTION else [settings.APP_ENV.capitalize(), "warning"]


def organizations(request: HttpRequest) -> list[dict[str, Any]]:
    """The choice of clinics, for people who work in more than one."""
    principal = getattr(request, "principal", None)
    places = staff_places(request.user) if principal else []  # type: ignore[arg-type]
    if principal is None or len(places) < 2:
        return []
    return [
        {
            "title": place.organization_name,
            "link": "",
            "icon": "check" if place.organization_id == principal.organization_id else "apartment",
            "attrs": {
                "code": place.organization_code,
                "current": place.organization_id == principal.organization_id,
            },
        }
        for place in sorted(places, key=lambda place: place.organization_name)
    ]


def stylesheet(request: HttpRequest) -> str:
    return static("workplace/workplace.css")


def favicon(request: HttpRequest) -> str:
    return static("workplace/icon.svg")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    pages = [
        ("Today", "today", "admin:index", "patients.view_patient"),
        ("Worklist", "checklist", "admin:worklist", "reports.view_carestate"),
        ("Patients", "monitor_heart", "admin:patients_patient_changelist", "patients.view_patient"),
        ("Alarms", "notifications_active", ALARMS, "alerts.view_episode"),
        ("Devices", "sensors", "admin:devices_device_changelist", "devices.view_device"),
        ("Fleet", "hub", "admin:fleet", "devices.view_device"),
        ("Readings", "glucose", "admin:readings", "readings.view_glucosereading"),
        ("Reports", "description", "admin:report_batches", "readings.export_glucosereading"),
        ("Alarm rules", "rule", "admin:alarm_rules", "alerts.view_rule"),
        ("Alarm channels", "campaign", "admin:alarm_channels", "alerts.view_channel"),
        ("Dexcom", "cloud_sync", "admin:dexcom", "dexcom_sync.view_connection"),
        ("Emergency access", "emergency", "admin:emergency_access", "patients.add_emergencyaccess"),
        ("Members", "group", "admin:accounts_membership_changelist", "accounts.view_membership"),
        ("Invitations", "mail", "admin:clinic_invitations", "accounts.view_invitation"),
        ("Removal requests", "person_remove", "admin:removals", "accounts.add_removalrequest"),
        ("Clinic settings", "settings", "admin:organization", "tenancy.view_organization"),
        ("Plan and usage", "payments", "admin:plan", "accounts.view_subscription"),
        ("Audit ledger", "policy", "admin:ledger", "audit.view_entry"),
        ("Platform support", "support_agent", "admin:support_accesses", "accounts.view_supportaccess"),
    ]
    items = [
        {"title": title, "icon": icon, "link": reverse(name), **(_alarms_badge() if name == ALARMS else {})}
        for title, icon, name, permission in pages
        if request.user.has_perm(permission)
    ]
    return [{"items": items}]


def _alarms_badge() -> dict[str, str]:
    words = badge_words()
    return {"badge": words, "badge_style": "solid"} if words else {}


def account_links(request: HttpRequest) -> list[dict[str, Any]]:
    links = [("Your security", "admin:security"), ("Change password", "admin:password_change")]
    if getattr(request.user, "support_name", ""):
        links.append(("Enter a clinic", "admin:support_enter"))
    return [{"title": title, "link": reverse(name)} for title, name in links]
