"""The clinic whose pages are shown: its unit and its clock."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.http import HttpRequest

from tenancy.models import Organization
from tenancy.scope import required_organization_id


def current_clinic(request: HttpRequest) -> Organization:
    """Read once for each request."""
    clinic: Organization | None = getattr(request, "clinic", None)
    if clinic is None:
        clinic = Organization.objects.get(pk=required_organization_id())
        request.clinic = clinic  # type: ignore[attr-defined]
    return clinic


def clinic_zone(request: HttpRequest) -> ZoneInfo:
    return ZoneInfo(current_clinic(request).timezone)
