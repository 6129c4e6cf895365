from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class GlucoseAdminConfig(AdminConfig):
    """Django's admin with our site: sign-in by role, switching of clinics, no log table that leaks between clinics."""

    default_site = "reports.admin_site.ClinicAdminSite"
