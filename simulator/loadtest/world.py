"""Clinics made for one load test: in all of them the same codes stand, so that a mix-up would show."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import transaction

from accounts.models import Membership
from accounts.principals import person_principal
from accounts.roles import Role
from accounts.services import add_member
from accounts.tokens import start_family
from devices.keys import generate_key
from devices.models import Assignment, Device, DeviceKey
from patients.models import Patient
from tenancy.managers import audited_elsewhere
from tenancy.scope import organization_scope
from tenancy.services import create_organization

ASSIGNED_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
WHY = "a load test, whose people are made up"
# Instants are told apart by their milliseconds, see ``record``.
MOST_CLINICS = 900


@dataclass(frozen=True, slots=True)
class LoadDevice:
    """``clinic`` counts the clinics of this run from 1 on, ``number`` the devices of the clinic."""

    clinic: int
    number: int
    key: str

    @property
    def code(self) -> str:
        return f"LOAD_{self.number:05d}"

    @property
    def patient_code(self) -> str:
        return f"load_{self.number:05d}"


@dataclass(slots=True)
class LoadReader:
    """``patient_code`` None: staff, who look at everybody; else the phone of this patient."""

    clinic: int
    access: str
    refresh: str
    patient_code: str | None = None


@dataclass(slots=True)
class LoadClinic:
    number: int
    organization_id: int
    code: str
    devices: list[LoadDevice] = field(default_factory=list)
    readers: list[LoadReader] = field(default_factory=list)


def make_clinics(count: int, *, patients: int, staff: int = 0, phones: int = 0) -> list[LoadClinic]:
    run = secrets.token_hex(3)
    clinics = []
    for number in range(1, count + 1):
        code = f"load-{run}-{number}"
        made = create_organization(code=code, name=f"Load test {run}, clinic {number}")
        clinic = LoadClinic(number, made.id, code)
        add_devices(clinic, patients)
        with organization_scope(clinic.organization_id):
            people = [_reader(clinic, f"staff-{place}", Role.NURSE, None) for place in range(staff)]
            people += [
                _reader(clinic, f"phone-{place}", Role.PATIENT, device.patient_code)
                for place, device in enumerate(clinic.devices[:phones])
            ]
        clinic.readers = people
        clinics.append(clinic)
    return clinics


def add_devices(clinic: LoadClinic, count: int) -> None:
    """Each with a key of its own and a patient, in a statement a table."""
    first = len(clinic.devices) + 1
    keys = [generate_key() for _ in range(count)]
    new = [LoadDevice(clinic.number, first + place, key.text) for place, key in enumerate(keys)]
    with organization_scope(clinic.organization_id), transaction.atomic(), audited_elsewhere(WHY):
        patients: Sequence[Patient] = Patient.objects.bulk_create(
            [
                Patient(code=device.patient_code, first_name="Load", last_name=f"Clinic {clinic.number}")
                for device in new
            ]
        )
        devices: Sequence[Device] = Device.objects.bulk_create(
            [Device(code=device.code, status=Device.Status.ACTIVE) for device in new]
        )
        pairs = zip(devices, patients, strict=True)
        Assignment.objects.bulk_create(
            [Assignment(device=device, patient=patient, starts_at=ASSIGNED_SINCE) for device, patient in pairs]
        )
        DeviceKey.objects.bulk_create(
            [
                DeviceKey(device=device, name="Load test", prefix=key.prefix, digest=key.digest)
                for device, key in zip(devices, keys, strict=True)
            ]
        )
    clinic.devices += new


def _reader(clinic: LoadClinic, name: str, role: Role, patient_code: str | None) -> LoadReader:
    with transaction.atomic():
        patient_id = Patient.objects.get(code=patient_code).pk if patient_code else None
        member: Membership = add_member(
            email=f"{name}@{clinic.code}.example", name=name, role=role, patient_id=patient_id
        )
    principal = person_principal(member.user_public_id, clinic.organization_id)
    if principal is None:
        raise LookupError("a member who was just added has no access")
    tokens = start_family(principal=principal)
    return LoadReader(clinic.number, tokens.access, tokens.refresh, patient_code)
