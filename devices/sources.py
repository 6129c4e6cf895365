"""Devices that nobody holds in their hands: what is imported, and accounts of others' clouds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from devices.models import Device
from devices.services import assign_device, register_device
from patients.models import Patient

# They measure the patient from the beginning of time.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_CODE = 50


def register_source(*, patient: Patient, code: str, otherwise: str, **fields: Any) -> Device:
    """A device in use that is the patient's for good. ``otherwise``: its code where the other is too long or taken.

    The caller holds a lock that keeps a second one from being made.
    """
    if len(code) > LONGEST_CODE or Device.objects.filter(code=code).exists():
        code = otherwise
    device = register_device(code=code, status=Device.Status.ACTIVE, **fields)
    assign_device(device=device, patient=patient, starts_at=EARLIEST)
    return device
