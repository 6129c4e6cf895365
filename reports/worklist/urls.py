from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from reports.worklist import acting, page


def urls(admin_view: Callable[[Any], Any]) -> list[URLPattern]:
    """Words before the pattern with an id."""
    return [
        path("worklist/", admin_view(page.worklist_page), name="worklist"),
        path("worklist/part/", admin_view(page.worklist_part), name="worklist_part"),
        path("worklist/views/", admin_view(acting.views_view), name="worklist_views"),
        path("worklist/<uuid:patient>/", admin_view(page.patient_page), name="worklist_patient"),
        path("worklist/<uuid:patient>/act/", admin_view(acting.act_view), name="worklist_act"),
    ]
