from __future__ import annotations

from collections.abc import Iterable

from accounts.linked_patients import LinkedPatient
from patients.models import Patient


class ClinicPatients:
    """Answers what accounts and the ledger ask about the patients of the clinic in scope."""

    def with_code(self, code: str) -> LinkedPatient | None:
        patient = Patient.objects.with_code(code).first()
        return _linked(patient) if patient else None

    def with_ids(self, ids: Iterable[int]) -> dict[int, LinkedPatient]:
        return {patient.pk: _linked(patient) for patient in Patient.objects.filter(pk__in=ids)}

    def id_of(self, code: str) -> int | None:
        number: int | None = Patient.objects.with_code(code).values_list("pk", flat=True).first()
        return number

    def codes_of(self, ids: Iterable[int]) -> dict[int, str]:
        return dict(Patient.objects.filter(pk__in=ids).values_list("pk", "code"))


def _linked(patient: Patient) -> LinkedPatient:
    return LinkedPatient(patient.pk, patient.public_id, patient.code)
