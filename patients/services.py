"""The one door for changes to patients."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from patients.models import Patient
from tenancy.changes import apply_changes
from tenancy.models import Organization
from tenancy.scope import required_organization_id


@transaction.atomic
def create_patient(**fields: Any) -> Patient:
    """A new patient, in the clinic's time zone where none is given.

    Raises ValidationError for malformed values and a code that the clinic has given already.
    """
    if not fields.get("timezone"):
        fields["timezone"] = Organization.objects.get(pk=required_organization_id()).timezone
    patient = Patient(**fields)
    patient.full_clean()
    patient.save()
    return patient


@transaction.atomic
def change_patient(*, patient: Patient, changes: dict[str, Any]) -> Patient:
    locked: Patient = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    apply_changes(locked, changes)
    return locked


@transaction.atomic
def archive_patient(*, patient: Patient) -> None:
    """Take a patient off the lists. Readings stay until the clinic's retention removes them."""
    Patient.objects.filter(pk=patient.pk, archived_at__isnull=True).update(archived_at=timezone.now())
