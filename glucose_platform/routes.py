"""Every REST route of the platform. Apps declare theirs; this is the whole list that all readers share."""

from __future__ import annotations

from accounts.api.routes import ROUTES as ACCOUNT_ROUTES
from alerts.api.routes import ROUTES as ALERT_ROUTES
from audit.api.routes import ROUTES as AUDIT_ROUTES
from devices.api.routes import ROUTES as DEVICE_ROUTES
from dexcom_sync.api.routes import ROUTES as DEXCOM_ROUTES
from edge.routes import ROUTES as EDGE_ROUTES
from glucose_platform.system import ROUTES as SYSTEM_ROUTES
from patients.api.routes import ROUTES as PATIENT_ROUTES
from readings.api.routes import ROUTES as READING_ROUTES
from reports.api.routes import ROUTES as REPORT_ROUTES
from vitals.api.routes import ROUTES as VITAL_ROUTES

ROUTES = [
    *SYSTEM_ROUTES,
    *ACCOUNT_ROUTES,
    *PATIENT_ROUTES,
    *DEVICE_ROUTES,
    *EDGE_ROUTES,
    *READING_ROUTES,
    *VITAL_ROUTES,
    *ALERT_ROUTES,
    *DEXCOM_ROUTES,
    *AUDIT_ROUTES,
    *REPORT_ROUTES,
]
