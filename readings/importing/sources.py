"""Where imported readings belong: a device of kind import for each patient, assigned from the beginning of time."""

from __future__ import annotations

from django.db import transaction

from devices.models import Assignment, Device
from devices.sources import EARLIEST, register_source
from patients.models import Patient
from patients.services import create_patient


@transaction.atomic
def import_source(*, patient: Patient) -> Device:
    """The device that stands for what is imported for ``patient``; it is made with the first import."""
    # Two imports for one patient take turns here, so that the second finds what the first has made.
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    # By the assignment, not by the code: a patient who was renamed keeps the source, and so the readings stay single.
    theirs = Assignment.objects.open().filter(patient=patient, starts_at__lte=EARLIEST, device__kind=Device.Kind.IMPORT)
    if found := theirs.select_related("device").first():
        known: Device = found.device
        return known
    return register_source(
        patient=patient,
        code=f"IMPORT-{patient.code}",
        otherwise=f"IMPORT-{patient.public_id}",
        kind=Device.Kind.IMPORT,
        name="Imported files",
    )


def create_imported_patient(*, code: str, timezone: str) -> Patient:
    """A patient of whom a file tells nothing but the code."""
    return create_patient(code=code, first_name="Imported", last_name=code, timezone=timezone)
