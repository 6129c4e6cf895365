"""What a caller may ask about: their clinic's devices and patients, a patient only what is their own."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request

from accounts.principals import PersonPrincipal
from devices.authentication import DevicePrincipal
from devices.models import Assignment, Device
from devices.services import note_use_of_key
from patients.models import Patient
from readings.people import find_patient, is_possible_code

Principal = PersonPrincipal | DevicePrincipal


class TooManyRequests(APIException):
    status_code = 429
    default_code = "throttled"

    def __init__(self, detail: str, wait_seconds: float) -> None:
        super().__init__(detail)
        self.wait = wait_seconds


def principal_of(request: Request) -> Any:
    """A Principal; the annotations of REST framework know only Django's users."""
    return request.user


def device_to_read(principal: Principal, name: str) -> Device:
    """Raises NotFound, in the same words for a missing, a foreign and somebody else's device."""
    device = named_device(name)
    if device is None or not _may_read(principal, device):
        raise NotFound
    return device


def device_to_post_to(principal: DevicePrincipal, name: str) -> Device | None:
    device = named_device(name)
    return device if device is not None and _key_opens(principal, device) else None


def named_device(name: str) -> Device | None:
    return Device.objects.named(name).first() if is_possible_code(name) else None


def patient_to_read(principal: PersonPrincipal, name: str) -> Patient:
    """``name``: me, a patient's code, or the UUID of a patient's login. Raises NotFound in the same words for all."""
    if principal.patient_id is None:
        if name == "me":
            raise NotFound("You are not a patient here: name a patient's code instead of me.")
        patient = find_patient(name)
    else:
        own = Patient.objects.get(pk=principal.patient_id)
        patient = own if name in ("me", own.code) or name.lower() == str(principal.user_public_id) else None
    if patient is None:
        raise no_readings(name)
    return patient


def no_readings(name: str) -> NotFound:
    return NotFound(f"No glucose readings found for user {name}")


def _may_read(principal: Principal, device: Device) -> bool:
    if isinstance(principal, DevicePrincipal):
        return _key_opens(principal, device)
    if principal.patient_id is None:
        return True
    return bool(Assignment.objects.filter(device=device, patient_id=principal.patient_id).exists())


def _key_opens(principal: DevicePrincipal, device: Device) -> bool:
    if not principal.may_use_device(device.pk):
        return False
    note_use_of_key(key_id=principal.key_id)
    return True
