from __future__ import annotations

import re

from devices.api.views import DEVICE as DEVICE_RECORD
from devices.commands.api.routes import NO_PATIENT, SEND
from edge.command_documents import DeviceCommandsView, DeviceCommandView
from edge.current import CURRENT
from edge.device_documents import DeviceLogsView, DeviceStatusView, HeartbeatView
from edge.device_reads import DEVICE_READINGS
from edge.documents import (
    CurrentGlucoseView,
    DeviceReadingsView,
    GlucoseHistoryView,
    LatestReadingView,
    ReadingStatisticsView,
)
from edge.health import HealthView, RootHealthView
from edge.history import HISTORY
from edge.live.routes import LIVE_ROUTES
from tenancy.api.routing import DEVICE, PUBLIC, Route

VIEW = "readings.view_glucosereading"
VIEW_OR_DEVICE = f"{VIEW}|{DEVICE}"

ROUTES = [
    Route("health", RootHealthView, "health", {"GET": PUBLIC}),
    Route("api/v1/health", HealthView, "api-health", {"GET": PUBLIC}),
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
    Route(
        "api/v1/devices/{deviceId}/commands",
        DeviceCommandsView,
        "device-commands",
        {"GET": DEVICE, "POST": SEND},
        unaudited=NO_PATIENT,
    ),
    Route("api/v1/devices/{deviceId}/commands/{commandId}", DeviceCommandView, "device-command", {"PUT": DEVICE}),
    Route("api/v1/devices/{deviceId}/heartbeat", HeartbeatView, "device-heartbeat", {"POST": DEVICE}),
    Route(
        "api/v1/devices/{deviceId}/status",
        DeviceStatusView,
        "device-status",
        {"GET": "devices.view_device", "POST": DEVICE},
        audited=DEVICE_RECORD,
    ),
    Route(
        "api/v1/devices/{deviceId}/logs",
        DeviceLogsView,
        "device-logs",
        {"GET": "devices.view_devicelog", "POST": DEVICE},
        unaudited="what a device writes about its own work",
    ),
    *LIVE_ROUTES,
]
# By name and method: what Django answers at an address that is the data plane's for other methods. The view of such a
# route inherits Django's own and raises NotHere for the rest.
DJANGOS: frozenset[tuple[str, str]] = frozenset(
    {("device-commands", "POST"), ("device-status", "GET"), ("device-logs", "GET")}
)
# A parameter is one segment of the path, as Django's <str:...> has it.
_PATTERNS = [(re.compile("/" + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path)), route) for route in ROUTES]


def is_answered_here(route: Route, method: str) -> bool:
    method = "GET" if method == "HEAD" else method
    return method in route.access and (route.name, method) not in DJANGOS


def matching(path: str) -> tuple[Route, dict[str, str]] | None:
    for pattern, route in _PATTERNS:
        if found := pattern.fullmatch(path):
            return route, found.groupdict()
    return None
