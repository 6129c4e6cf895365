"""The one door for what is written about a device's battery and calibration, and for changes of many devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.changes import record_creation, record_update, values_before
from devices.fleet.models import Battery, Calibration
from devices.fleet.settings import change_settings
from devices.models import Device
from devices.services import CLOCK_TOLERANCE, change_device
from tenancy.managers import audited_elsewhere

MOST_AT_ONCE = 100
# What a bulk change may set; everything else is about one device.
STATUSES = tuple(status for status in Device.Status if status != Device.Status.RETIRED)


@dataclass(frozen=True, slots=True)
class BulkResult:
    """``error`` empty: changed. Sentences for the person who asked."""

    device: str
    error: str = ""


@transaction.atomic
def note_battery(*, device: Device, changes: Mapping[str, Any], by_person: bool) -> Battery:
    """What is sent replaces what was known, and what is left out stays. What a device sends is not audited.

    Raises ValidationError for malformed values.
    """
    locked: Device = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
    battery = Battery.objects.filter(device=locked).first() or Battery(device=locked)
    before = values_before(battery, changes)
    for name, value in changes.items():
        setattr(battery, name, value)
    battery.full_clean(validate_unique=False, validate_constraints=False)
    battery.save()
    if by_person:
        record_update(battery, before, object_id=locked.code)
    if changes.get("level") is not None:
        with audited_elsewhere("the battery has the entry, or is a device's own word"):
            Device.objects.filter(pk=locked.pk).update(battery_level=changes["level"])
    return battery


@transaction.atomic
def add_calibration(
    *, device: Device, offsets: Mapping[str, Any], calibrated_at: datetime | None, made_by: str, by_person: bool
) -> Calibration:
    """``offsets``: all four, by their fields' names. What a device sends is not audited.

    Raises ValidationError for a retired device, or a time to come.
    """
    locked: Device = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
    if locked.status == Device.Status.RETIRED:
        raise ValidationError("The device is retired.")
    now = timezone.now()
    calibrated_at = calibrated_at or now
    if calibrated_at > now + CLOCK_TOLERANCE:
        raise ValidationError({"calibrated_at": "The time lies in the future."})
    calibration = Calibration(device=locked, calibrated_at=calibrated_at, made_by=made_by, **offsets)
    calibration.full_clean(validate_unique=False, validate_constraints=False)
    calibration.save()
    if by_person:
        record_creation(calibration, object_id=locked.code)
    day = timezone.localdate(calibrated_at)
    with audited_elsewhere("the calibration has the entry, or is a device's own word"):
        newer = Q(calibrated_on__isnull=True) | Q(calibrated_on__lt=day)
        Device.objects.filter(newer, pk=locked.pk).update(calibrated_on=day)
    return calibration


def change_many(*, codes: Sequence[str], changes: Mapping[str, Any]) -> list[BulkResult]:
    """The same change of each device, in the order of ``codes``; each has its own entry in the ledger.

    ``changes``: ``status``, ``reading_interval`` and fields of DeviceSettings. One that is refused does not stop the
    others.
    """
    return [_change_one(code, dict(changes)) for code in codes]


def _change_one(code: str, changes: dict[str, Any]) -> BulkResult:
    device = Device.objects.named(code).first()
    if device is None:
        return BulkResult(code, "There is no such device.")
    try:
        with transaction.atomic():
            if "status" in changes:
                device = change_device(device=device, changes={"status": changes.pop("status")})
            if changes:
                change_settings(device=device, changes=changes)
    except ValidationError as refusal:
        return BulkResult(code, " ".join(refusal.messages))
    return BulkResult(device.code)
