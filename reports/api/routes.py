from __future__ import annotations

from reports.api.statistics import StatisticsView
from tenancy.api.routing import Route

ROUTES = [
    Route(
        "api/v1/admin/stats",
        StatisticsView,
        "admin-stats",
        {"GET": "tenancy.view_organization"},
        unaudited="counts of the clinic, no patient",
    ),
]
