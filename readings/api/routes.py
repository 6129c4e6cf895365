from __future__ import annotations

from readings.api.exports import EXPORT, PatientExportView
from readings.api.imports import IMPORTS, PatientImportsView, PatientImportView
from readings.api.sensor_values import SensorValuesView
from readings.exports import EXPORTED
from tenancy.api.routing import Route

IMPORT = "readings.add_glucosereading"

ROUTES = [
    Route(
        "api/v1/devices/{deviceId}/sensor-values",
        SensorValuesView,
        "device-sensor-values",
        {"GET": "devices.view_device"},
        unaudited="tells of the device, and of no patient",
    ),
    Route("api/v1/patients/{code}/export", PatientExportView, "patient-export", {"GET": EXPORT}, audited=EXPORTED),
    Route(
        "api/v1/patients/{code}/imports",
        PatientImportsView,
        "patient-imports",
        {"GET": IMPORT, "POST": IMPORT},
        audited=IMPORTS,
        refusals=(409, 413, 422),
    ),
    Route(
        "api/v1/patients/{code}/imports/{importId}",
        PatientImportView,
        "patient-import",
        {"GET": IMPORT},
        audited=IMPORTS,
    ),
]
