"""The one door for changes to patients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.plans.catalogue import Limit
from accounts.plans.limits import require_room
from accounts.plans.usage import patients_in_use
from audit.actions import Action
from audit.changes import apply_changes, record_creation, record_update, values_before
from patients.beyond import draw_patient_id, is_limited
from patients.care_team import join_as_creator
from patients.models import Patient
from tenancy.models import Organization
from tenancy.scope import include_patient, required_organization_id

# Readings stand above patients: they know which days begin elsewhere in another time zone.
_timezone_followers: list[Callable[[Patient], None]] = []


def register_timezone_follower(follow: Callable[[Patient], None]) -> None:
    """``follow`` is called in the transaction that changes a patient's time zone."""
    _timezone_followers.append(follow)


@transaction.atomic
def create_patient(**fields: Any) -> Patient:
    """A new patient, in the clinic's time zone where none is given.

    Staff who are limited to their patients look after the new one. Raises ValidationError for malformed values and a
    code that the clinic has given already.
    """
    require_room(Limit.PATIENTS, used=patients_in_use)
    if not fields.get("timezone"):
        fields["timezone"] = Organization.objects.get(pk=required_organization_id()).timezone
    patient = Patient(**fields)
    if limited := is_limited():
        # Drawn and named before the insert, which the database refuses for a patient who is not theirs.
        patient.pk = draw_patient_id()
        include_patient(patient.pk)
    patient.full_clean()
    patient.save(force_insert=True)
    record_creation(patient, object_id=patient.code, patient_id=patient.pk)
    if limited:
        join_as_creator(patient=patient)
    return patient


@transaction.atomic
def change_patient(*, patient: Patient, changes: dict[str, Any]) -> Patient:
    locked: Patient = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    former_timezone = locked.timezone
    apply_changes(locked, changes, object_id=locked.code, patient_id=locked.pk)
    if locked.timezone != former_timezone:
        for follow in _timezone_followers:
            follow(locked)
    return locked


@transaction.atomic
def archive_patient(*, patient: Patient) -> None:
    """Take a patient off the lists. Readings stay until the clinic's retention removes them."""
    locked = Patient.objects.current().select_for_update(no_key=True).filter(pk=patient.pk).first()
    if locked is None:
        return
    before = values_before(locked, ["archived_at"])
    locked.archived_at = timezone.now()
    locked.save(update_fields=["archived_at"])
    record_update(locked, before, object_id=locked.code, patient_id=locked.pk, action=Action.DELETE, reason="archived")


@transaction.atomic
def unarchive_patient(*, patient: Patient) -> None:
    """Back on the lists, with everything that is kept."""
    locked = Patient.objects.archived().select_for_update(no_key=True).filter(pk=patient.pk).first()
    if locked is None:
        return
    require_room(Limit.PATIENTS, used=patients_in_use)
    before = values_before(locked, ["archived_at"])
    locked.archived_at = None
    locked.save(update_fields=["archived_at"])
    record_update(locked, before, object_id=locked.code, patient_id=locked.pk, reason="brought back")
