"""Where imported readings belong: a device of kind import for each patient, assigned from the beginning of time."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from devices.models import Assignment, Device
from devices.services import assign_device, register_device
from patients.models import Patient
from patients.services import create_patient

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_CODE = 50


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
    code = f"IMPORT-{patient.code}"
    if len(code) > LONGEST_CODE or Device.objects.filter(code=code).exists():
        code = f"IMPORT-{patient.public_id}"
    device = register_device(code=code, kind=Device.Kind.IMPORT, status=Device.Status.ACTIVE, name="Imported files")
    assign_device(device=device, patient=patient, starts_at=EARLIEST)
    return device


def create_imported_patient(*, code: str, timezone: str) -> Patient:
    """A patient of whom a file tells nothing but the code."""
    return create_patient(code=code, first_name="Imported", last_name=code, timezone=timezone)
