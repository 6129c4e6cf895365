"""Where imported readings belong: a device of kind import for each patient, assigned from the beginning of time."""

from __future__ import annotations

from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from devices.models import Assignment, Device
from devices.services import assign_device, register_device
from patients.models import Patient
from patients.services import create_patient

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_CODE = 50


@transaction.atomic
def import_source(*, patient: Patient) -> Device:
    """The device that stands for what is imported for ``patient``; it is made with the first import.

    Raises ValidationError where a device of that code exists and is something else.
    """
    # Two imports for one patient take turns here, so that the second finds what the first has made.
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    code = f"IMPORT-{patient.code}"
    if len(code) > LONGEST_CODE:
        code = f"IMPORT-{patient.public_id}"
    device: Device | None = Device.objects.filter(code=code).first()
    if device is None:
        device = register_device(code=code, kind=Device.Kind.IMPORT, status=Device.Status.ACTIVE, name="Imported files")
        assign_device(device=device, patient=patient, starts_at=EARLIEST)
        return device
    ours = Assignment.objects.open().filter(device=device, patient=patient, starts_at__lte=EARLIEST)
    if device.kind != Device.Kind.IMPORT or not ours.exists():
        raise ValidationError(f"The device {code} exists, but it is not the source of imports for {patient.code}.")
    return device


def create_imported_patient(*, code: str, timezone: str) -> Patient:
    """A patient of whom a file tells nothing but the code."""
    return create_patient(code=code, first_name="Imported", last_name=code, timezone=timezone)
