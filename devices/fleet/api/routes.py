from __future__ import annotations

from devices.fleet.api.battery import BatteryView
from devices.fleet.api.bulk import BulkDevicesView
from devices.fleet.api.calibrations import CalibrationsView
from devices.fleet.api.export import FleetExportView
from devices.fleet.api.settings import DeviceSettingsView
from devices.fleet.api.statistics import FleetStatisticsView
from devices.fleet.exports import EXPORTED
from tenancy.api.routing import DEVICE, Route

LOOK, CHANGE = "devices.view_device", "devices.change_device"

# Before the route that takes any word for a device's code.
FLEET_ROUTES = [
    Route("api/v1/devices/bulk", BulkDevicesView, "devices-bulk", {"POST": CHANGE}),
    Route(
        "api/v1/devices/statistics",
        FleetStatisticsView,
        "devices-statistics",
        {"GET": LOOK},
        unaudited="counts of devices",
    ),
    Route(
        "api/v1/devices/export",
        FleetExportView,
        "devices-export",
        {"GET": "devices.export_device"},
        audited=EXPORTED,
    ),
]
ONE_DEVICE_ROUTES = [
    Route(
        "api/v1/devices/{deviceId}/settings",
        DeviceSettingsView,
        "device-settings",
        {"GET": f"{LOOK}|{DEVICE}", "PUT": CHANGE},
        unaudited="how a device works",
    ),
    Route(
        "api/v1/devices/{deviceId}/battery",
        BatteryView,
        "device-battery",
        {"GET": f"{LOOK}|{DEVICE}", "POST": f"{CHANGE}|{DEVICE}"},
        unaudited="a device's battery",
    ),
    Route(
        "api/v1/devices/{deviceId}/calibrations",
        CalibrationsView,
        "device-calibrations",
        {"GET": f"{LOOK}|{DEVICE}", "POST": f"{CHANGE}|{DEVICE}"},
        unaudited="offsets of a device's sensors",
    ),
]
