from __future__ import annotations

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite


class ClinicAdminSite(UnfoldAdminSite):
    """The clinic's workplace: open to its staff, closed to patients' logins and to accounts without a clinic."""

    def has_permission(self, request: HttpRequest) -> bool:
        principal = getattr(request, "principal", None)
        return principal is not None and principal.is_staff
