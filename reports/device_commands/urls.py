from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from reports.device_commands import claims_page, page


def urls(admin_view: Callable[[Any], Any]) -> list[URLPattern]:
    return [
        path("fleet/claims/", admin_view(claims_page.claims_page), name="device_claims"),
        path("fleet/<uuid:device>/commands/", admin_view(page.device_commands_page), name="device_commands"),
    ]
