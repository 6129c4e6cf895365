from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from reports.fleet import acting, device_page, page


def urls(admin_view: Callable[[Any], Any]) -> list[URLPattern]:
    """Words before the pattern with an id."""
    return [
        path("fleet/", admin_view(page.fleet_page), name="fleet"),
        path("fleet/change/", admin_view(acting.change_view), name="fleet_change"),
        path("fleet/export/", admin_view(acting.export_view), name="fleet_export"),
        path("fleet/<uuid:device>/", admin_view(device_page.fleet_device_page), name="fleet_device"),
        path("fleet/<uuid:device>/settings/", admin_view(acting.settings_view), name="fleet_settings"),
    ]
