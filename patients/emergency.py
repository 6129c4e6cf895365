"""Emergency access: an hour at most in which limited staff see a patient who is not theirs. Everybody will know."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.actions import Action, Outcome
from audit.services import record, record_denial
from patients.beyond import HiddenPatient, is_limited, patient_named
from patients.models import EmergencyAccess, Patient
from tenancy.managers import audited_elsewhere

SHORTEST_REASON, LONGEST_REASON = 10, 500
MOST_MINUTES = int(EmergencyAccess.LONGEST.total_seconds() // 60)
NOT_NEEDED = "You see this patient without it."


def patient_in_emergency(*, code: str) -> HiddenPatient | None:
    """By the exact code. One that is nobody's is told to the ledger: there may be more such guesses."""
    patient = patient_named(code)
    if patient is None:
        record_denial(
            action=Action.DENIED,
            object_type="patients.emergencyaccess",
            object_id=code,
            reason="emergency access to an unknown patient",
            outcome=Outcome.FAILED,
        )
    return patient


@transaction.atomic
def open_emergency_access(*, member_id: int, patient: HiddenPatient, reason: str, minutes: int) -> EmergencyAccess:
    """From the member's next request on they see the patient. The caller tells owners and admins once it is committed.

    Raises ValidationError for a reason of less than ten characters, for other terms than 1 to 60 minutes, and where
    the member sees the patient anyhow.
    """
    reason = reason.strip()
    problems = {}
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        problems["reason"] = f"Say why, in {SHORTEST_REASON} to {LONGEST_REASON} characters."
    if not 1 <= minutes <= MOST_MINUTES:
        problems["minutes"] = f"Emergency access lasts 1 to {MOST_MINUTES} minutes."
    if problems:
        raise ValidationError(problems)
    if not is_limited() or Patient.objects.filter(pk=patient.id).exists():
        raise ValidationError(ValidationError(NOT_NEEDED, code="unique"))
    now = timezone.now()
    access = EmergencyAccess(
        member_id=member_id,
        patient_id=patient.id,
        reason=reason,
        begins_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )
    access.save()
    _record(access, reason, {"expires_at": (None, access.expires_at)})
    return access


@transaction.atomic
def end_emergency_access(*, access: EmergencyAccess) -> bool:
    """Whether this call ended it: one that is over stays as it is."""
    now = timezone.now()
    with audited_elsewhere("the entry below"):
        ended = EmergencyAccess.objects.open().filter(pk=access.pk).update(ended_at=now)
    if ended:
        access.ended_at = now
        _record(access, "ended by hand", {"ended_at": (None, now)})
    return bool(ended)


def _record(access: EmergencyAccess, reason: str, changes: dict[str, tuple[object, object]]) -> None:
    record(
        action=Action.EMERGENCY_ACCESS,
        object_type="patients.emergencyaccess",
        object_id=str(access.public_id),
        patient_id=access.patient_id,
        reason=reason,
        changes=changes,
    )
