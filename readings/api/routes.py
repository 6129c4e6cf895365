from __future__ import annotations

from readings.api.device_views import DEVICE_READINGS, DeviceReadingsView, LatestReadingView, ReadingStatisticsView
from readings.api.user_views import CURRENT, HISTORY, CurrentGlucoseView, GlucoseHistoryView
from tenancy.api.routing import DEVICE, Route

VIEW = "readings.view_glucosereading"
VIEW_OR_DEVICE = f"{VIEW}|{DEVICE}"

ROUTES = [
    Route(
        "api/v1/devices/{deviceId}/readings",
        DeviceReadingsView,
        "device-readings",
        {"GET": VIEW_OR_DEVICE, "POST": DEVICE},
        audited=DEVICE_READINGS,
    ),
    Route(
        "api/v1/devices/{deviceId}/readings/latest",
        LatestReadingView,
        "device-latest",
        {"GET": VIEW_OR_DEVICE},
        audited=DEVICE_READINGS,
    ),
    Route(
        "api/v1/devices/{deviceId}/readings/stats",
        ReadingStatisticsView,
        "device-stats",
        {"GET": VIEW_OR_DEVICE},
        audited=DEVICE_READINGS,
    ),
    Route(
        "api/v1/users/{userId}/glucose/current", CurrentGlucoseView, "glucose-current", {"GET": VIEW}, audited=CURRENT
    ),
    Route(
        "api/v1/users/{userId}/glucose/history", GlucoseHistoryView, "glucose-history", {"GET": VIEW}, audited=HISTORY
    ),
]
