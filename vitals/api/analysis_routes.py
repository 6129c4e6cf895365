from __future__ import annotations

from tenancy.api.routing import Route
from vitals.api.aggregates import AGGREGATE, AggregateView
from vitals.api.daily import DAILY, DailyStatsView
from vitals.api.observations import OBSERVATION, OXYGEN_SCALE, ObservationsView, OxygenScaleView
from vitals.api.tendencies import TRENDS, TrendsView

VIEW = "vitals.view_measurement"

ANALYSIS_ROUTES = [
    Route(
        "api/v1/health/metrics/types/{type}/aggregate",
        AggregateView,
        "health-metric-aggregate",
        {"GET": VIEW},
        audited=AGGREGATE,
        refusals=(400,),
    ),
    Route(
        "api/v1/health/metrics/trends",
        TrendsView,
        "health-metric-trends",
        {"GET": VIEW},
        audited=TRENDS,
        refusals=(400,),
    ),
    Route(
        "api/v1/patients/{code}/observations",
        ObservationsView,
        "patient-observations",
        {"GET": VIEW, "POST": "vitals.add_observation"},
        audited=OBSERVATION,
    ),
    Route(
        "api/v1/patients/{code}/oxygen-scale",
        OxygenScaleView,
        "patient-oxygen-scale",
        {"GET": VIEW, "PUT": "vitals.add_oxygenscale"},
        audited=OXYGEN_SCALE,
    ),
    Route(
        "api/v1/patients/{code}/daily-stats",
        DailyStatsView,
        "patient-daily-stats",
        {"GET": VIEW},
        audited=DAILY,
    ),
]
