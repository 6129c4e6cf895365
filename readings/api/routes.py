from __future__ import annotations

from readings.api.exports import EXPORT, PatientExportView
from readings.exports import EXPORTED
from tenancy.api.routing import Route

ROUTES = [
    Route("api/v1/patients/{code}/export", PatientExportView, "patient-export", {"GET": EXPORT}, audited=EXPORTED),
]
