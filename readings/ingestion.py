"""What devices post: the rules that tie a reading to a device, a user and an instant, around the one store."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from devices.models import Assignment, Device
from patients.models import Patient
from readings.people import find_patient, find_patients
from readings.rows import Outcome, ReadingRow, RowResult, cut_to_milliseconds
from readings.services import store_readings
from tenancy.models import Organization
from tenancy.scope import required_organization_id


class UnknownUser(Exception):
    """The clinic has no such patient."""


class NotTheirDevice(Exception):
    """The device did not measure this user at that time."""


class AlreadyStored(Exception):
    """The device has a reading of that instant."""


@dataclass(frozen=True, slots=True)
class BatchItem:
    """``row`` None: the item was malformed, and ``error`` says how. ``user`` None: whoever the device measured."""

    row: ReadingRow | None = None
    user: str | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class ItemResult:
    status: str
    public_id: uuid.UUID | None = None
    error: str = ""


def oldest_accepted() -> datetime | None:
    """The clinic's own limit to the age of a reading when it arrives; None where it sets none."""
    hours = Organization.objects.values_list("reading_max_age_hours", flat=True).get(pk=required_organization_id())
    return None if hours is None else timezone.now() - timedelta(hours=hours)


def post_reading(*, device: Device, user: str, row: ReadingRow) -> uuid.UUID:
    """Store one reading and return its public id; it is committed when this returns outside a transaction.

    Raises UnknownUser, NotTheirDevice (both store nothing) and AlreadyStored.
    """
    with transaction.atomic():
        patient = find_patient(user)
        if patient is None:
            raise UnknownUser
        (result,) = store_readings(rows=[row])
        if result.patient_id != patient.pk and not _is_repeated_for_next_user(result, device, patient):
            raise NotTheirDevice
    if result.outcome is Outcome.DUPLICATE or result.public_id is None:
        raise AlreadyStored
    return result.public_id


def _is_repeated_for_next_user(result: RowResult, device: Device, patient: Patient) -> bool:
    """A device that now measures ``patient`` sends again what it measured of somebody before: a duplicate."""
    now_theirs = Assignment.objects.open().filter(device=device, patient=patient)
    return result.outcome is Outcome.DUPLICATE and bool(now_theirs.exists())


@transaction.atomic
def post_batch(*, device: Device, device_name: str, items: Sequence[BatchItem]) -> list[ItemResult]:
    """Store what is well-formed and the device's; one result for each item, in the order sent."""
    _hold_assignments(device)
    errors = _refused_users(device, device_name, items)
    accepted = [index for index, item in enumerate(items) if item.row is not None and index not in errors]
    rows = [row for index in accepted if (row := items[index].row) is not None]
    stored = dict(zip(accepted, store_readings(rows=rows), strict=True))
    return [
        _stored_result(stored[index], device_name)
        if index in stored
        else ItemResult("rejected", error=errors.get(index) or item.error)
        for index, item in enumerate(items)
    ]


def _hold_assignments(device: Device) -> None:
    """No reassignment commits from here to the end: it waits for this lock, the one that a foreign key takes too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM devices_device WHERE organization_id = %s AND id = %s FOR KEY SHARE",
            [device.organization_id, device.pk],
        )


def _refused_users(device: Device, device_name: str, items: Sequence[BatchItem]) -> dict[int, str]:
    users = {item.user for item in items if item.user is not None}
    if not users:
        return {}
    patients = find_patients(users)
    periods = list(Assignment.objects.filter(device=device))
    errors = {}
    for index, item in enumerate(items):
        if item.row is None or item.user is None:
            continue
        patient = patients.get(item.user)
        if patient is None:
            errors[index] = unknown_user_text(item.user)
        elif not any(_covers(period, patient, cut_to_milliseconds(item.row.measured_at)) for period in periods):
            errors[index] = not_their_device_text(device_name, item.user)
    return errors


def _covers(period: Assignment, patient: Patient, instant: datetime) -> bool:
    ended = period.ends_at is not None and period.ends_at <= instant
    return period.patient_id == patient.pk and period.starts_at <= instant and not ended


def _stored_result(result: RowResult, device_name: str) -> ItemResult:
    if result.outcome is Outcome.UNASSIGNED:
        return ItemResult("rejected", error=f"Device {device_name} was not assigned to a patient at that time.")
    return ItemResult(result.outcome.value, result.public_id)


def unknown_user_text(user: str) -> str:
    return f"User {user} does not exist. Please ensure user is registered."


def not_their_device_text(device_name: str, user: str) -> str:
    return f"Device {device_name} does not exist or does not belong to user {user}"
