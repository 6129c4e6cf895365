from patients.models.care import CareTeamMember, Consent, ConsentQuerySet, EmergencyAccess, EmergencyAccessQuerySet
from patients.models.patient import Patient, PatientQuerySet, validate_birth_date

__all__ = [
    "CareTeamMember",
    "Consent",
    "ConsentQuerySet",
    "EmergencyAccess",
    "EmergencyAccessQuerySet",
    "Patient",
    "PatientQuerySet",
    "validate_birth_date",
]
