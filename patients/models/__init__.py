from patients.models.admission import Admission, AdmissionQuerySet
from patients.models.care import CareTeamMember, Consent, ConsentQuerySet, EmergencyAccess, EmergencyAccessQuerySet
from patients.models.history import HistoryAmendment, HistoryEntry, HistoryEntryQuerySet
from patients.models.patient import Patient, PatientQuerySet, validate_birth_date

__all__ = [
    "Admission",
    "AdmissionQuerySet",
    "CareTeamMember",
    "Consent",
    "ConsentQuerySet",
    "EmergencyAccess",
    "EmergencyAccessQuerySet",
    "HistoryAmendment",
    "HistoryEntry",
    "HistoryEntryQuerySet",
    "Patient",
    "PatientQuerySet",
    "validate_birth_date",
]
