from __future__ import annotations

from devices.api.assignments import ASSIGNMENT, AssignmentsView, CurrentAssignmentView
from devices.api.keys import DeviceKeysView, KeyView, RotateKeyView
from devices.api.views import DEVICE, DeviceHealthView, DeviceViewSet
from devices.commands.api.routes import COMMAND_ROUTES
from devices.fleet.api.routes import FLEET_ROUTES, ONE_DEVICE_ROUTES
from devices.provisioning.api import PROVISIONING_ROUTES
from tenancy.api.routing import Route

LOOK = "devices.view_device"

ROUTES = [
    # Before {deviceId}, which would take their names for codes.
    *PROVISIONING_ROUTES,
    *COMMAND_ROUTES,
    *FLEET_ROUTES,
    Route(
        "api/v1/admin/devices",
        DeviceViewSet,
        "admin-devices",
        {"GET": "tenancy.view_organization"},
        {"GET": "list"},
        audited=DEVICE,
    ),
    Route(
        "api/v1/devices",
        DeviceViewSet,
        "devices",
        {"GET": LOOK, "POST": "devices.add_device"},
        {"GET": "list", "POST": "create"},
        refusals=(402,),
        audited=DEVICE,
    ),
    Route(
        "api/v1/devices/{deviceId}",
        DeviceViewSet,
        "device",
        {
            "GET": LOOK,
            "PUT": "devices.change_device",
            "PATCH": "devices.change_device",
            "DELETE": "devices.delete_device",
        },
        {"GET": "retrieve", "PUT": "update", "PATCH": "partial_update", "DELETE": "destroy"},
        audited=DEVICE,
    ),
    Route(
        "api/v1/devices/{deviceId}/health",
        DeviceHealthView,
        "device-health",
        {"GET": LOOK},
        unaudited="battery and contact of a device",
    ),
    *ONE_DEVICE_ROUTES,
    Route(
        "api/v1/devices/{deviceId}/assignments",
        AssignmentsView,
        "device-assignments",
        {"GET": "devices.view_assignment", "POST": "devices.add_assignment"},
        audited=ASSIGNMENT,
    ),
    Route(
        "api/v1/devices/{deviceId}/assignments/current",
        CurrentAssignmentView,
        "device-assignment",
        {"DELETE": "devices.change_assignment"},
    ),
    Route(
        "api/v1/devices/{deviceId}/keys",
        DeviceKeysView,
        "device-keys",
        {"GET": "devices.view_devicekey", "POST": "devices.add_devicekey"},
        unaudited="names of keys, no patient",
    ),
    Route("api/v1/keys/{keyId}/rotate", RotateKeyView, "key-rotation", {"POST": "devices.change_devicekey"}),
    Route("api/v1/keys/{keyId}", KeyView, "key", {"DELETE": "devices.delete_devicekey"}),
]
