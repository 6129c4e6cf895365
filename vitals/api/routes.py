from __future__ import annotations

from tenancy.api.routing import Route
from vitals.api.analysis_routes import ANALYSIS_ROUTES, VIEW
from vitals.api.history import HISTORY, HistoryView
from vitals.api.metrics import MEASUREMENT, MetricsView, MetricTypesView, MetricView
from vitals.api.score_routes import SCORE_ROUTES

ROUTES = [
    # Before {measurementId}, which would take their names for ids.
    Route(
        "api/v1/health/metrics/types",
        MetricTypesView,
        "health-metric-types",
        {"GET": VIEW},
        unaudited="kinds of measurements are words of ours and tell of nobody",
    ),
    *ANALYSIS_ROUTES,
    Route(
        "api/v1/health/metrics",
        MetricsView,
        "health-metrics",
        {"GET": VIEW, "POST": "vitals.add_measurement"},
        audited=MEASUREMENT,
        refusals=(400,),
    ),
    Route(
        "api/v1/health/metrics/{measurementId}",
        MetricView,
        "health-metric",
        {"GET": VIEW, "PUT": "vitals.change_measurement", "DELETE": "vitals.delete_measurement"},
        audited=MEASUREMENT,
        refusals=(409,),
    ),
    Route("api/v1/patients/{code}/history", HistoryView, "patient-vitals-history", {"GET": VIEW}, audited=HISTORY),
    *SCORE_ROUTES,
]
