from __future__ import annotations

from reports.api.glucose.clinic import ClinicSummaryView, TrendsView
from reports.api.glucose.hours import HOURS, HourlyStatsView
from reports.api.glucose.patient import (
    AGP,
    COMPARISON,
    DAYS,
    SUMMARY,
    AgpView,
    ComparisonView,
    DaysView,
    PatientSummaryView,
    UserSummaryView,
)
from tenancy.api.routing import Route

VIEW = "readings.view_glucosereading"
STAFF = "patients.view_patient"
_OF_USER = "api/v1/users/{userId}/analytics"

GLUCOSE_ROUTES = [
    Route(f"{_OF_USER}/summary", UserSummaryView, "user-analytics-summary", {"GET": VIEW}, audited=SUMMARY),
    Route(f"{_OF_USER}/agp", AgpView, "user-analytics-agp", {"GET": VIEW}, audited=AGP),
    Route(f"{_OF_USER}/days", DaysView, "user-analytics-days", {"GET": VIEW}, audited=DAYS),
    Route(f"{_OF_USER}/compare", ComparisonView, "user-analytics-compare", {"GET": VIEW}, audited=COMPARISON),
    Route("api/v1/patients/{code}/summary", PatientSummaryView, "patient-summary", {"GET": VIEW}, audited=SUMMARY),
    Route(
        "api/v1/analytics/summary",
        ClinicSummaryView,
        "analytics-summary",
        {"GET": STAFF},
        unaudited="counts of the clinic, no patient",
    ),
    Route(
        "api/v1/analytics/trends",
        TrendsView,
        "analytics-trends",
        {"GET": STAFF},
        unaudited="figures of the clinic, no patient",
    ),
    Route("api/v1/analytics/hourly-stats", HourlyStatsView, "analytics-hourly-stats", {"GET": STAFF}, audited=HOURS),
]
