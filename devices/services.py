"""The one door for changes to devices, their keys and their assignments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.plans.catalogue import Limit
from accounts.plans.limits import require_room
from audit.actions import Action
from audit.changes import Before, apply_changes, record_creation, record_update, values_before
from devices.hidden_periods import devices_in_hidden_periods
from devices.keys import DEMO_KEY, describe_key, generate_key
from devices.models import Assignment, Device, DeviceKey
from devices.presence import look_soon
from patients.models import Patient
from tenancy.managers import audited_elsewhere
from tenancy.models import Organization
from tenancy.scope import required_organization_id

# How far ahead of ours a device's clock may be.
CLOCK_TOLERANCE = timedelta(minutes=5)
ROTATION_OVERLAP = timedelta(days=7)
LIVE_KEYS_PER_DEVICE = 2

# Readings stand above devices: they tell whether a device has measured since an instant.
HasReadingsSince = Callable[[Device, datetime], bool]
_measured_since: list[HasReadingsSince] = []


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """``text`` exists only here: show it once, it cannot be had again."""

    key: DeviceKey
    text: str


def register_readings_question(question: HasReadingsSince) -> None:
    _measured_since.append(question)


def devices_in_use() -> int:
    """Those that the clinic's plan counts."""
    return int(Device.objects.exclude(status=Device.Status.RETIRED).count())


@transaction.atomic
def register_device(**fields: Any) -> Device:
    """Make a device. Raises ValidationError for malformed or taken codes and serial numbers."""
    require_room(Limit.DEVICES, used=devices_in_use)
    device = Device(**fields)
    device.full_clean()
    device.save()
    record_creation(device, object_id=device.code)
    return device


@transaction.atomic
def change_device(*, device: Device, changes: dict[str, Any]) -> Device:
    """Raises ValidationError for malformed values, and for a device that is retired: that is final."""
    locked: Device = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
    if locked.status == Device.Status.RETIRED:
        raise ValidationError("The device is retired.")
    if changes.get("reading_interval", locked.reading_interval) != locked.reading_interval:
        # The device is told of it (devices.fleet.settings).
        changes = {**changes, "settings_version": locked.settings_version + 1}
    apply_changes(locked, changes, object_id=locked.code, patient_id=_measured_patient_id(locked))
    look_soon(locked, timezone.now())
    return locked


@transaction.atomic
def retire_device(*, device: Device) -> Device:
    """Take a device out of use: its keys stop at once, its assignment ends, its readings stay where they are."""
    # FOR UPDATE, as in assign_device: no reading is on its way into the assignment that ends here.
    locked: Device = Device.objects.select_for_update().get(pk=device.pk)
    if locked.status == Device.Status.RETIRED:
        return locked
    now = timezone.now()
    patient_id = _measured_patient_id(locked)
    with audited_elsewhere("one entry says that the device is retired, which ends its keys and its assignment"):
        DeviceKey.objects.live().filter(device=locked).update(revoked_at=now)
    # A clock that is ahead may have measured after now already; such a reading keeps its patient.
    ends_at = now + CLOCK_TOLERANCE if _has_measured_since(locked, now) else now
    for assignment in Assignment.objects.open().filter(device=locked):
        assignment.ends_at = max(ends_at, assignment.starts_at + timedelta(milliseconds=1))
        assignment.save(update_fields=["ends_at"])
    apply_changes(locked, {"status": Device.Status.RETIRED}, object_id=locked.code, patient_id=patient_id)
    look_soon(locked, now)
    return locked


@transaction.atomic
def assign_device(*, device: Device, patient: Patient, starts_at: datetime | None = None, note: str = "") -> Assignment:
    """From ``starts_at`` (now) on the device measures ``patient``; its open period ends there.

    Raises ValidationError where a period would begin before the open one, or where the device has already measured
    somebody at or after that instant: a stored reading keeps its patient.
    """
    starts_at = starts_at or timezone.now()
    # FOR UPDATE waits for every ingestion that holds the device's key-share lock, so none of them is overlooked.
    device = Device.objects.select_for_update().get(pk=device.pk)
    if device.status == Device.Status.RETIRED:
        raise ValidationError("The device is retired.")
    if patient.archived_at is not None:
        raise ValidationError({"patient": ValidationError("This patient is archived.", code="archived")})
    if devices_in_hidden_periods([device.pk], starts_at):
        raise ValidationError("The device measures, or measured after that time, a patient of another care team.")
    later = Assignment.objects.filter(device=device).filter(Q(ends_at__gt=starts_at) | Q(starts_at__gte=starts_at))
    if later.exists():
        raise ValidationError("The device has a later assignment; a new one begins after it.")
    _refuse_change_of_measured_time(device, starts_at)
    for current in Assignment.objects.open().filter(device=device):
        _end(current, device, starts_at)
    assignment = Assignment(device=device, patient=patient, starts_at=starts_at, note=note)
    assignment.full_clean()
    assignment.save()
    record_creation(assignment, object_id=device.code, patient_id=patient.pk)
    return assignment


@transaction.atomic
def end_assignment(*, device: Device, ends_at: datetime | None = None) -> None:
    """From ``ends_at`` (now) on the device measures nobody. Raises ValidationError as ``assign_device`` does."""
    ends_at = ends_at or timezone.now()
    device = Device.objects.select_for_update().get(pk=device.pk)
    current = Assignment.objects.open().filter(device=device).first()
    if current is None:
        raise ValidationError("The device is not assigned.")
    if current.starts_at >= ends_at:
        raise ValidationError("The assignment begins after that.")
    _refuse_change_of_measured_time(device, ends_at)
    _end(current, device, ends_at)


def _end(assignment: Assignment, device: Device, ends_at: datetime) -> None:
    before = values_before(assignment, ["ends_at"])
    assignment.ends_at = ends_at
    assignment.save(update_fields=["ends_at"])
    record_update(assignment, before, object_id=device.code, patient_id=assignment.patient_id)


@transaction.atomic
def issue_key(
    *,
    device: Device | None,
    name: str = "",
    expires_at: datetime | None = None,
    replaces: DeviceKey | None = None,
) -> IssuedKey:
    """A new key; ``device`` None: for all devices of the clinic. It ends at the clinic's age limit at the latest.

    Raises ValidationError above two live keys.
    """
    if device is not None:
        device = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
        if device.status == Device.Status.RETIRED:
            raise ValidationError("The device is retired.")
        if DeviceKey.objects.live().filter(device=device).count() >= LIVE_KEYS_PER_DEVICE:
            raise ValidationError("The device has two live keys already: revoke one first.")
    new = generate_key()
    key = DeviceKey.objects.create(
        device=device,
        name=name,
        prefix=new.prefix,
        digest=new.digest,
        expires_at=_within_age_limit(expires_at),
        replaces=replaces,
    )
    record_creation(key, object_id=str(key.public_id), action=Action.KEY_USE_CHANGED, reason="issued")
    return IssuedKey(key, new.text)


def _within_age_limit(expires_at: datetime | None) -> datetime | None:
    clinics = Organization.objects.filter(pk=required_organization_id())
    days = clinics.values_list("device_key_max_age_days", flat=True).first()
    if days is None:
        return expires_at
    latest = timezone.now() + timedelta(days=days)
    return latest if expires_at is None else min(expires_at, latest)


@transaction.atomic
def rotate_key(*, key: DeviceKey) -> IssuedKey:
    """A second key for the same device; the old one works for 7 days more, so that no reading is lost meanwhile.

    As soon as the new one is used (``edge.devices``) the old one has a day left.
    """
    if key.device_id is not None:
        # The device before its key, as retire_device takes them: the other way round the two wait for each other.
        Device.objects.select_for_update(no_key=True).get(pk=key.device_id)
    locked = DeviceKey.objects.select_for_update().get(pk=key.pk)
    now = timezone.now()
    if locked.revoked_at is not None or (locked.expires_at is not None and locked.expires_at <= now):
        raise ValidationError("The key is not in use any more: issue a new one.")
    issued = issue_key(device=locked.device, name=locked.name, replaces=locked)
    overlap_end, before = now + ROTATION_OVERLAP, values_before(locked, ["expires_at"])
    locked.expires_at = min(locked.expires_at, overlap_end) if locked.expires_at else overlap_end
    locked.save(update_fields=["expires_at"])
    _record_key(locked, before, reason="rotated")
    return issued


@transaction.atomic
def revoke_key(*, key: DeviceKey) -> None:
    """The key is refused from the next request on. Repeating it changes nothing."""
    locked = DeviceKey.objects.select_for_update().filter(pk=key.pk, revoked_at__isnull=True).first()
    if locked is None:
        return
    before = values_before(locked, ["revoked_at"])
    locked.revoked_at = timezone.now()
    locked.save(update_fields=["revoked_at"])
    _record_key(locked, before, reason="revoked")


def _record_key(key: DeviceKey, before: Before, *, reason: str) -> None:
    record_update(key, before, object_id=str(key.public_id), action=Action.KEY_USE_CHANGED, reason=reason)


@transaction.atomic
def store_demo_key() -> None:
    """The demo's public key for the clinic in scope. Outside the demo no request is accepted with it."""
    known = describe_key(DEMO_KEY)
    DeviceKey.objects.get_or_create(
        digest=known.digest, defaults={"name": "Demo: every device", "prefix": known.prefix, "device": None}
    )


def _measured_patient_id(device: Device) -> int | None:
    """Whose record a change of the device touches."""
    patient_ids: Any = Assignment.objects.in_force_at(timezone.now()).filter(device=device)
    number: int | None = patient_ids.values_list("patient_id", flat=True).first()
    return number


def _has_measured_since(device: Device, instant: datetime) -> bool:
    return any(question(device, instant) for question in _measured_since)


def _refuse_change_of_measured_time(device: Device, instant: datetime) -> None:
    if _has_measured_since(device, instant):
        raise ValidationError("The device has measured at or after that time already; choose a later one.")
