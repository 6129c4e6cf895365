from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership
from audit.changes import apply_changes, record_creation
from patients.models import Admission, Patient

# The kind of look that the ledger names.
ADMISSION = "patients.admission"

_OPEN = frozenset({Admission.Status.ADMITTED.value, Admission.Status.VERIFIED.value})
_ENDED = frozenset({Admission.Status.TRANSFERRED.value, Admission.Status.DISCHARGED.value})
_STILL_TO_COME = "This time is still to come."


@transaction.atomic
def admit_patient(
    *,
    patient: Patient,
    admitted_by: str,
    member: Membership | None = None,
    admitted_at: datetime | None = None,
    status: str = Admission.Status.ADMITTED,
    room: str | None = None,
) -> Admission:
    """``room`` left out: the patient's own. Raises ValidationError where the patient is admitted already."""
    # Two who admit at once wait for each other here, and the second reads why it cannot be.
    held: Patient = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if status in _ENDED:
        raise ValidationError({"status": "A stay begins as admitted, verified or unknown."})
    admission = Admission(
        patient=held,
        admitted_by=admitted_by,
        member=member,
        admitted_at=admitted_at or timezone.now(),
        status=status,
        room=held.room if room is None else room,
    )
    _refuse_time_to_come("admitted_at", admission.admitted_at)
    admission.full_clean(exclude=["patient", "member"])
    admission.validate_constraints()
    admission.save()
    record_creation(
        admission,
        object_id=str(admission.public_id),
        patient_id=held.pk,
        skip=["patient", "member", "admitted_by", "discharge_notes"],
    )
    return admission


@transaction.atomic
def change_admission(*, admission: Admission, changes: Mapping[str, Any]) -> Admission:
    """``status``, ``room``, ``admitted_at``, ``discharged_at`` or ``discharge_notes``.

    An end makes it discharged, and being discharged or transferred has an end, now where none is named. Raises
    ValidationError.
    """
    Patient.objects.select_for_update(no_key=True).get(pk=admission.patient_id)
    locked: Admission = Admission.objects.select_for_update(no_key=True).get(pk=admission.pk)
    values = _with_what_follows(locked, dict(changes))
    for name in ("admitted_at", "discharged_at"):
        if values.get(name) is not None:
            _refuse_time_to_come(name, values[name])
    apply_changes(
        locked,
        values,
        object_id=str(locked.public_id),
        patient_id=locked.patient_id,
        exclude=["patient", "member"],
    )
    return locked


def _with_what_follows(admission: Admission, changes: dict[str, Any]) -> dict[str, Any]:
    status = changes.get("status")
    ends_at = changes.get("discharged_at", admission.discharged_at)
    if status in _ENDED and ends_at is None:
        if "discharged_at" in changes:
            raise ValidationError({"discharged_at": "Say when the stay ended."})
        changes["discharged_at"] = timezone.now()
    elif status in _OPEN and ends_at is not None:
        raise ValidationError({"status": "This stay has ended: begin a new one, or take its end back with it."})
    elif status is None and ends_at is not None and admission.status in _OPEN:
        changes["status"] = Admission.Status.DISCHARGED.value
    elif status is None and ends_at is None and admission.status in _ENDED:
        # Its end was taken back: it goes on.
        changes["status"] = Admission.Status.ADMITTED.value
    return changes


def _refuse_time_to_come(field: str, instant: datetime) -> None:
    if instant > timezone.now():
        raise ValidationError({field: ValidationError(_STILL_TO_COME, code="future")})


def room_of(patient: Patient) -> str:
    """Where the patient is to be found: "room 12b"; empty where nobody said."""
    stay: Admission | None = Admission.objects.current_of(patient)
    room = stay.room if stay is not None and stay.room else patient.room
    return f"room {room}" if room and not room.lower().startswith("room") else room
