from __future__ import annotations

from patients.api.views import PATIENT, PatientViewSet
from tenancy.api.routing import Route

ROUTES = [
    Route(
        "api/v1/patients",
        PatientViewSet,
        "patients",
        {"GET": "patients.view_patient", "POST": "patients.add_patient"},
        {"GET": "list", "POST": "create"},
        audited=PATIENT,
    ),
    Route(
        "api/v1/patients/{code}",
        PatientViewSet,
        "patient",
        {
            "GET": "patients.view_patient",
            "PATCH": "patients.change_patient",
            "DELETE": "patients.delete_patient",
        },
        {"GET": "retrieve", "PATCH": "partial_update", "DELETE": "destroy"},
        audited=PATIENT,
    ),
]
