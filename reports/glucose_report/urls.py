from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from reports.glucose_report.batches import page


def urls(admin_view: Callable[[Any], Any]) -> list[URLPattern]:
    return [
        path("reports/", admin_view(page.batches_page), name="report_batches"),
        path("reports/<uuid:batch>/", admin_view(page.batch_page), name="report_batch"),
        path("reports/<uuid:batch>/act/", admin_view(page.batch_act), name="report_batch_act"),
        path("reports/<uuid:batch>/file/", admin_view(page.batch_file), name="report_batch_file"),
    ]
