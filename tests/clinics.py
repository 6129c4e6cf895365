"""Two clinics for every test: ours, and the other, whose rows must never show."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.test import Client

from accounts import tokens
from accounts.models import Membership, SupportAccess
from accounts.principals import person_principals
from accounts.roles import SUPPORT, Role
from accounts.services import add_member
from devices.models import Device
from devices.services import assign_device, issue_key, register_device
from patients.history import Author, add_history_entry, amend_history_entry
from patients.models import Patient
from patients.services import create_patient
from readings.amendments import Correction
from readings.models import GlucoseReading
from readings.rows import ReadingRow
from readings.services import amend_readings, store_readings
from readings.summaries import summarise_dirty_days
from tenancy.models import Organization
from tenancy.scope import Scope, organization_scope
from tenancy.services import create_organization
from tests.clinic_people import add_people_rows, add_second_patient, open_support

PASSWORD = "sound-of-rain-on-slate"
# Callers that not every clinic needs: made when they are asked for first.
SECOND_PATIENT = "second patient"
ASSIGNED_SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Clinic:
    """A clinic with a person of each role, two patients, two assigned devices, and keys."""

    organization: Organization
    people: dict[str, Membership] = field(default_factory=dict)
    patients: list[Patient] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    device_key: str = ""
    organization_key: str = ""
    support: SupportAccess | None = None

    def scope(self) -> AbstractContextManager[Scope]:
        """Enter the clinic. Rows of tenant tables also need a transaction: in tests that commit, use ``inside``."""
        return organization_scope(self.organization.id)

    def access_token(self, role: str) -> str:
        return self.tokens(role).access

    def tokens(self, role: str) -> tokens.Tokens:
        principal = self.principal(role)
        return tokens.start_family(principal=principal)

    def principal(self, role: str) -> Any:
        from accounts.models import User

        user = User.objects.with_id(self.user_id(role))
        assert user
        (principal,) = [p for p in person_principals(user.public_id) if p.organization_id == self.organization.id]
        return principal

    def user_id(self, role: str) -> int:
        """The account of a person of this role; also of ``SUPPORT``, and of the clinic's ``SECOND_PATIENT``."""
        if role == SUPPORT:
            if self.support is None:
                with self.scope(), transaction.atomic():
                    self.support = open_support(self, password=PASSWORD)
            return int(self.support.user_id)
        if role == SECOND_PATIENT and role not in self.people:
            with self.scope(), transaction.atomic():
                self.people[role] = add_second_patient(self, password=PASSWORD)
        return int(self.people[role].user_id)

    def api(self, role: str) -> Client:
        """A client of the API, signed in with a person of this role."""
        return Client(headers={"Authorization": f"Bearer {self.access_token(role)}"})

    def device_api(self, key: str | None = None) -> Client:
        return Client(headers={"X-API-Key": key or self.device_key})

    def admin(self, role: str) -> Client:
        """A browser of the admin, signed in with a person of this role."""
        client = Client()
        assert client.login(username=self.people[role].email, password=PASSWORD)
        return client

    def store(self, *values: int, until: datetime | None = None, device: int = 0, every_minutes: int = 5) -> None:
        """Readings of ``values``, the last one at ``until`` (now)."""
        until = until or datetime.now(UTC)
        first = until - timedelta(minutes=every_minutes * (len(values) - 1))
        rows = [
            ReadingRow(self.devices[device].id, first + timedelta(minutes=every_minutes * index), value)
            for index, value in enumerate(values)
        ]
        with self.scope():
            store_readings(rows=rows)

    def summarise_and_amend(self, reason: str = "") -> None:
        """Each patient's days, and a correction of their oldest reading, whose day is dirty since then."""
        with self.scope(), transaction.atomic():
            summarise_dirty_days()
            oldest = GlucoseReading.objects.order_by("patient_id", "measured_at").distinct("patient_id")
            amend_readings(
                corrections=[
                    Correction(row.device_id, row.measured_at, row.glucose + 1, rate=row.rate, reason=reason)
                    for row in oldest
                ]
            )


def make_clinic(code: str, *, canary: str = "") -> Clinic:
    """``canary`` stands in every text that the clinic's rows have."""
    organization = create_organization(code=code, name=f"{code.title()} {canary}".strip())
    clinic = Clinic(organization)
    with clinic.scope(), transaction.atomic():
        clinic.patients = [_patient(number, code, canary) for number in ("5678", "9012")]
        clinic.devices = [_device(number, code, canary) for number in ("001234", "002468")]
        for device, patient in zip(clinic.devices, clinic.patients, strict=True):
            assign_device(device=device, patient=patient, starts_at=ASSIGNED_SINCE, note=canary)
        for role in Role.values:
            clinic.people[role] = add_member(
                email=f"{role}@{code}.example",
                name=f"{role.title()} {canary}".strip(),
                role=role,
                phone=canary[:32],
                password=PASSWORD,
                patient_id=clinic.patients[0].id if role == Role.PATIENT else None,
            )
        add_people_rows(clinic, code=code, canary=canary)
        for patient in clinic.patients:
            _history(patient, clinic.people["nurse"], canary)
        clinic.device_key = issue_key(device=clinic.devices[0], name=canary).text
        clinic.organization_key = issue_key(device=None, name=canary).text
    return clinic


def _patient(number: str, code: str, canary: str) -> Patient:
    return create_patient(
        code=f"user_{number}",
        first_name=f"First {canary}".strip(),
        last_name=f"Last {code.title()} {canary}".strip(),
        address=canary,
        room=canary,
        phone=canary[:32],
    )


def _history(patient: Patient, member: Membership, canary: str) -> None:
    """An entry that was amended once."""
    author = Author(name=member.name, member_id=member.pk)
    entry = add_history_entry(patient=patient, kind="condition", text=f"Asthma {canary}".strip(), author=author)
    amend_history_entry(entry=entry, changes={"text": f"Severe asthma {canary}".strip()}, author=author)


def _device(number: str, code: str, canary: str) -> Device:
    return register_device(
        code=f"ARGUS_{number}",
        name=f"Sensor {canary}".strip(),
        serial_number=f"ARG-{code}-{number}",
        status=Device.Status.ACTIVE,
        firmware_version=canary[:20],
        hardware_revision=canary[:20],
    )
