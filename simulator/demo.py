"""Fills a clinic with the demo's people, devices and their last days of readings.

A second run keeps what is there and goes on from it. What lies before those days comes later (``simulator.history``),
so that nobody waits for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Membership
from accounts.passwords import DEMO_PASSWORD
from accounts.services import add_member
from devices.models import Assignment, Device
from devices.services import assign_device, register_device, store_demo_key
from patients.models import Patient
from patients.services import create_patient
from readings.models import GlucoseReading
from readings.rows import ReadingRow
from readings.services import store_readings
from simulator.clinics import DemoClinic, DemoDevice, DemoPatient, DemoPerson
from simulator.demo_keys import keep_uploader_key
from simulator.demo_vitals import store_vitals
from simulator.traces import STEP, Trace, Traces, Wearer
from tenancy.directory import organization_by_code
from tenancy.scope import organization_scope
from tenancy.services import create_organization

HISTORY, RECENT = timedelta(days=90), timedelta(days=4)
# The newest value is a few minutes old, as if the sensor were about to send the next one.
SILENCE = timedelta(minutes=2)
CHUNK = 2000
ALLOWED = ("demo", "development", "test")


class NotHereError(RuntimeError):
    """The platform serves real patients, or might."""


def seed_clinic(*, clinic: DemoClinic, now: datetime) -> int:
    """Returns how many readings are new. Raises NotHereError in production."""
    if settings.APP_ENV not in ALLOWED:
        raise NotHereError(
            f"Demo data are refused where APP_ENV is {settings.APP_ENV}: their people and keys are public. "
            "Set APP_ENV=demo, with a database of its own."
        )
    with organization_scope(_organization_id(clinic)):
        with transaction.atomic():
            patients = {patient.code: _patient(clinic, patient) for patient in clinic.patients}
            for person in clinic.people:
                _member(clinic, person, patients)
            devices = [(device, _device(device, patients, now)) for device in clinic.devices]
            _keys(clinic)
        return _recent_readings(clinic, [(plan, device) for plan, device in devices if plan.has_history], now)


def _organization_id(clinic: DemoClinic) -> int:
    found = organization_by_code(clinic.code)
    if found is not None:
        return found.id
    return create_organization(
        code=clinic.code, name=clinic.name, timezone=clinic.timezone, glucose_unit=clinic.glucose_unit
    ).id


def _patient(clinic: DemoClinic, plan: DemoPatient) -> Patient:
    found: Patient | None = Patient.objects.with_code(plan.code).first()
    return found or create_patient(
        code=plan.code,
        first_name=plan.first_name,
        last_name=plan.last_name,
        birth_date=plan.birth_date,
        timezone=clinic.timezone,
        **plan.details,
    )


def _member(clinic: DemoClinic, person: DemoPerson, patients: dict[str, Patient]) -> None:
    if Membership.objects.filter(email=clinic.email(person)).exists():
        return
    add_member(
        email=clinic.email(person),
        name=person.name,
        role=person.role,
        patient_id=patients[person.patient].pk if person.patient else None,
        # Elsewhere the password is refused, so its people come without one.
        password=DEMO_PASSWORD if settings.DEMO else None,
    )


def _device(plan: DemoDevice, patients: dict[str, Patient], now: datetime) -> Device:
    found: Device | None = Device.objects.filter(code=plan.code).first()
    if found is not None:
        return found
    device = register_device(code=plan.code, **plan.details)
    assign_device(device=device, patient=patients[plan.patient], starts_at=now - HISTORY - timedelta(days=1))
    return device


def _keys(clinic: DemoClinic) -> None:
    if not settings.DEMO:
        return
    if clinic.has_public_key:
        store_demo_key()
    else:
        keep_uploader_key(clinic_code=clinic.code)


def _recent_readings(clinic: DemoClinic, devices: list[tuple[DemoDevice, Device]], now: datetime) -> int:
    traces = Traces()
    traces.prepare([clinic.wearer(plan.patient) for plan, _ in devices], now - RECENT, now)
    return sum(_recent_readings_of(device, plan, clinic.wearer(plan.patient), traces, now) for plan, device in devices)


@transaction.atomic
def _recent_readings_of(device: Device, plan: DemoDevice, wearer: Wearer, traces: Traces, now: datetime) -> int:
    newest = reading_times(device).last()
    since = now - RECENT if newest is None else newest + timedelta(seconds=STEP / 2)
    rows = rows_of(traces.trace(wearer, since, now - SILENCE), device, plan)
    for start in range(0, len(rows), CHUNK):
        store_readings(rows=rows[start : start + CHUNK], note_contact=start + CHUNK >= len(rows))
    store_vitals(device, wearer, now)
    return len(rows)


def reading_times(device: Device) -> QuerySet[GlucoseReading, datetime]:
    """Oldest first."""
    patients = Assignment.objects.filter(device=device).values("patient_id")
    readings = GlucoseReading.objects.filter(patient_id__in=patients, device=device)
    times: QuerySet[GlucoseReading, datetime] = readings.oldest_first().values_list("measured_at", flat=True)
    return times


def rows_of(made: Trace, device: Device, plan: DemoDevice) -> list[ReadingRow]:
    return [
        ReadingRow(
            device_id=device.pk,
            measured_at=measured_at,
            glucose=value,
            range_flag=flag,
            quality=1 + (int(measured_at.timestamp()) // STEP) % 7 // 6,
            confidence=Decimal("0.95"),
            battery_level=plan.battery_level,
        )
        for measured_at, value, flag in made.readings()
    ]
