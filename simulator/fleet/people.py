"""The patients and devices of a simulation, made in the clinic in scope, or found again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from devices.models import Assignment, Device, DeviceKey
from devices.services import assign_device, issue_key, register_device, revoke_key
from patients.models import Patient
from patients.services import create_patient
from simulator.fleet.device import Habits, VirtualDevice
from simulator.physiology import Kind, Person
from simulator.traces import Wearer
from tenancy.models import Organization

KEY_NAME = "Simulator"
# A device measures its patient from so long before on, for a past may be asked for later.
LONGEST_PAST = timedelta(days=400)
ALLOWED = ("demo", "development", "test")


class NotHereError(RuntimeError):
    """The platform serves real patients, or might."""


def refuse_production() -> None:
    """Raises NotHereError."""
    if settings.APP_ENV not in ALLOWED:
        raise NotHereError(
            f"Simulated people are refused where APP_ENV is {settings.APP_ENV}: nobody could tell them from patients. "
            "Set APP_ENV=demo or development, with a database of its own."
        )


def person(number: int) -> Person:
    """Half have type 1, a third type 2, a sixth is healthy; some cope better than others."""
    kind = (Kind.TYPE_1, Kind.TYPE_2, Kind.TYPE_1, Kind.TYPE_2, Kind.TYPE_1, Kind.HEALTHY)[number % 6]
    return Person(number, kind, burden=0.5 + (number * 37 % 100) / 60, eats=0.8 if kind is Kind.HEALTHY else 1.0)


@transaction.atomic
def take_devices(*, numbers: Iterable[int], now: datetime, habits: Habits) -> list[tuple[VirtualDevice, Wearer]]:
    """The devices of these patients, each with a new key of its own. Call ``give_back`` when it is done."""
    zone = Organization.objects.values_list("timezone", flat=True).get()
    return [_take(number, zone, now, habits) for number in numbers]


@transaction.atomic
def give_back(devices: Iterable[VirtualDevice]) -> None:
    """Their keys stop."""
    for device in Device.objects.filter(code__in=[each.code for each in devices]):
        _revoke(device)


def _take(number: int, timezone: str, now: datetime, habits: Habits) -> tuple[VirtualDevice, Wearer]:
    code = f"sim_{number:04d}"
    patient = Patient.objects.with_code(code).first() or create_patient(
        code=code, first_name="Simulated", last_name=f"Person {number}", timezone=timezone
    )
    device = _device(f"SIM_{number:04d}", patient, now)
    _revoke(device)
    key = issue_key(device=device, name=KEY_NAME).text
    virtual = VirtualDevice(device.code, patient.code, key, seed=number, habits=habits)
    return virtual, Wearer(person(number), ZoneInfo(patient.timezone))


def _device(code: str, patient: Patient, now: datetime) -> Device:
    device: Device | None = Device.objects.filter(code=code).first()
    if device is None:
        device = register_device(code=code, name="Simulated sensor", status=Device.Status.ACTIVE)
    first = Assignment.objects.filter(device=device).order_by("starts_at").first()
    if first is None:
        assign_device(device=device, patient=patient, starts_at=now - LONGEST_PAST)
    return device


def _revoke(device: Device) -> None:
    for key in DeviceKey.objects.live().filter(device=device, name=KEY_NAME):
        revoke_key(key=key)
