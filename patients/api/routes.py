from __future__ import annotations

from patients.admissions import ADMISSION
from patients.api.admissions import AdmissionsView, AdmissionView
from patients.api.care_team import CARE_TEAM, CareTeamMemberView, CareTeamView
from patients.api.consents import CONSENT, ConsentsView, ConsentView
from patients.api.emergency import EMERGENCY, EmergencyViewSet
from patients.api.history import HistoryEntriesView, HistoryEntryView
from patients.api.views import PATIENT, PatientViewSet
from patients.history import HISTORY
from tenancy.api.routing import Route

IN_EMERGENCIES = "patients.add_emergencyaccess"

ROUTES = [
    Route(
        "api/v1/patients",
        PatientViewSet,
        "patients",
        {"GET": "patients.view_patient", "POST": "patients.add_patient"},
        {"GET": "list", "POST": "create"},
        refusals=(402,),
        audited=PATIENT,
    ),
    # Before the route with a parameter, which would take the word for a code.
    Route(
        "api/v1/patients/emergency-access",
        EmergencyViewSet,
        "emergency-accesses",
        # Others than managers see only their own.
        {"GET": f"{IN_EMERGENCIES}|patients.view_emergencyaccess", "POST": IN_EMERGENCIES},
        {"GET": "list", "POST": "create"},
        audited=EMERGENCY,
        refusals=(404,),
    ),
    Route(
        "api/v1/patients/emergency-access/{accessId}/end",
        EmergencyViewSet,
        "end-emergency-access",
        {"POST": f"{IN_EMERGENCIES}|patients.view_emergencyaccess"},
        {"POST": "end"},
    ),
    Route(
        "api/v1/patients/{code}/admissions",
        AdmissionsView,
        "admissions",
        {"GET": "patients.view_admission", "POST": "patients.add_admission"},
        audited=ADMISSION,
        refusals=(409,),
    ),
    Route(
        "api/v1/patients/{code}/admissions/{admissionId}",
        AdmissionView,
        "admission",
        {"PATCH": "patients.change_admission"},
        refusals=(409,),
    ),
    Route(
        "api/v1/patients/{code}/care-team",
        CareTeamView,
        "care-team",
        {"GET": "patients.view_careteammember", "POST": "patients.add_careteammember"},
        audited=CARE_TEAM,
    ),
    Route(
        "api/v1/patients/{code}/care-team/{memberId}",
        CareTeamMemberView,
        "care-team-member",
        {"DELETE": "patients.delete_careteammember"},
    ),
    Route(
        "api/v1/patients/{code}/consents",
        ConsentsView,
        "consents",
        {"GET": "patients.view_consent", "POST": "patients.add_consent"},
        audited=CONSENT,
        refusals=(409,),
    ),
    Route(
        "api/v1/patients/{code}/consents/{consentId}",
        ConsentView,
        "consent",
        {"PATCH": "patients.change_consent"},
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
    Route(
        "api/v1/patients/{code}/history-entries",
        HistoryEntriesView,
        "patient-history",
        {"GET": "patients.view_historyentry", "POST": "patients.add_historyentry"},
        audited=HISTORY,
    ),
    Route(
        "api/v1/patients/{code}/history-entries/{entryId}",
        HistoryEntryView,
        "patient-history-entry",
        {"PATCH": "patients.change_historyentry"},
    ),
]
