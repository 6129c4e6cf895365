from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from reports.dexcom_pages.fleet_page import fleet_page


def urls(admin_view: Callable[[Any], Any]) -> list[URLPattern]:
    return [path("dexcom/", admin_view(fleet_page), name="dexcom")]
