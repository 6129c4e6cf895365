"""Destroys what a patient's keys seal, and keeps the ledger of what is done to keys."""

from __future__ import annotations

from django.db import transaction

from audit.actions import Action
from audit.services import record
from patients.models import HistoryEntry, Patient
from tenancy.encryption.shredding import UnknownPatient, shred_patient_keys
from tenancy.managers import audited_elsewhere


@transaction.atomic
def shred_patient(*, code: str, reason: str) -> int:
    """Returns how many keys were destroyed. Raises UnknownPatient."""
    patient = Patient.objects.with_code(code).first()
    if patient is None:
        raise UnknownPatient(code)
    count = shred_patient_keys(patient.pk)
    with audited_elsewhere("the entry below"):
        # A digest of the text would still confirm a guess.
        HistoryEntry.objects.of_patient(patient).update(import_digest=None)
    record(
        action=Action.SHRED,
        object_type="patients.patient",
        object_id=patient.code,
        patient_id=patient.pk,
        reason=reason,
        count=count,
    )
    return count


class LedgerOfKeys:
    def keys_rotated(self, *, what: str, count: int) -> None:
        record(action=Action.ROTATE, object_type="tenancy.datakey", object_id="", reason=what, count=count)
