"""What patients agreed to. A consent is never changed: it is withdrawn, and a new one given."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.changes import record_creation, record_update, values_before
from patients.models import Consent, Patient


@transaction.atomic
def record_consent(
    *, patient: Patient, kind: str, version: str, recorded_by: str, note: str = "", given_at: datetime | None = None
) -> Consent:
    """``version``: of the text that was agreed to; ``recorded_by``: name of the person who writes it down.

    Raises ValidationError for malformed values, a time to come, and where this consent is in force already.
    """
    given_at = given_at or timezone.now()
    _refuse_time_to_come("given_at", given_at)
    consent = Consent(
        patient=patient, kind=kind, version=version, note=note, given_at=given_at, recorded_by=recorded_by
    )
    consent.full_clean(exclude=["patient"])
    # Once more without the exclusion: it would leave out the constraints that name the patient.
    consent.validate_constraints()
    consent.save()
    record_creation(
        consent,
        object_id=str(consent.public_id),
        patient_id=patient.pk,
        action=Action.CONSENT,
        skip=["patient", "recorded_by"],
    )
    return consent


@transaction.atomic
def withdraw_consent(*, consent: Consent, withdrawn_at: datetime | None = None) -> Consent:
    """Raises ValidationError for a time before it was given or to come, and for one that is withdrawn already."""
    withdrawn_at = withdrawn_at or timezone.now()
    _refuse_time_to_come("withdrawn_at", withdrawn_at)
    locked: Consent = Consent.objects.select_for_update(no_key=True).get(pk=consent.pk)
    if locked.withdrawn_at is not None:
        raise ValidationError("This consent is withdrawn already.")
    if withdrawn_at < locked.given_at:
        raise ValidationError({"withdrawn_at": "It was given after that time."})
    before = values_before(locked, ["withdrawn_at"])
    locked.withdrawn_at = withdrawn_at
    locked.save(update_fields=["withdrawn_at"])
    record_update(
        locked,
        before,
        object_id=str(locked.public_id),
        patient_id=locked.patient_id,
        action=Action.CONSENT,
        reason="withdrawn",
    )
    return locked


def _refuse_time_to_come(field: str, instant: datetime) -> None:
    if instant > timezone.now():
        raise ValidationError({field: "This time is still to come."})
