"""What a device is told to do: written by staff, versioned, and told with its heartbeats until it works with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.changes import apply_changes
from devices.fleet.models import DeviceSettings
from devices.fleet.settings_body import settings_body
from devices.models import Device
from devices.services import change_device

# Shorter intervals are for devices that are registered with them; the device itself must know how.
SHORTEST_INTERVAL = 60


def settings_of(device: Device) -> DeviceSettings:
    """Those that were written, or the defaults; without a row nothing was."""
    found: DeviceSettings | None = DeviceSettings.objects.filter(device=device).first()
    return found or DeviceSettings(device=device)


def told_settings(device: Device) -> dict[str, Any]:
    chosen = settings_of(device)
    return settings_body(
        device.settings_version,
        device.reading_interval,
        chosen.skin_tone_compensation,
        chosen.motion_sensitivity,
        chosen.sampling_rate,
        chosen.alert_low,
        chosen.alert_high,
    )


@transaction.atomic
def change_settings(*, device: Device, changes: Mapping[str, Any]) -> Device:
    """``changes``: ``reading_interval`` and fields of DeviceSettings. The version rises where something changed.

    Raises ValidationError for malformed values, an interval below 60 s, and a retired device.
    """
    # The device's lock keeps a second change from making the row, or the same version.
    locked: Device = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
    if locked.status == Device.Status.RETIRED:
        raise ValidationError("The device is retired.")
    changes = dict(changes)
    interval = changes.pop("reading_interval", locked.reading_interval)
    if interval != locked.reading_interval and interval < SHORTEST_INTERVAL:
        raise ValidationError(
            {"reading_interval": f"Ensure this value is greater than or equal to {SHORTEST_INTERVAL}."}
        )
    chosen = settings_of(locked)
    changed = {name: value for name, value in changes.items() if value != getattr(chosen, name)}
    if changed:
        if chosen.pk is None:
            chosen.save(force_insert=True)
        apply_changes(chosen, changed, object_id=locked.code)
    device_changes = {"reading_interval": interval} if interval != locked.reading_interval else {}
    if changed and not device_changes:
        device_changes = {"settings_version": locked.settings_version + 1}
    return change_device(device=locked, changes=device_changes) if device_changes else locked
