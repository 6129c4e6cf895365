"""What live streams are told of devices: that one was heard again, that it fell silent, that its state changed.

One place decides, under the row's lock, so that several workers tell each change once. A device that goes on as it was
costs one look in three of its intervals, one that stays silent none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from devices.health import LOW_BATTERY_PERCENT, Connectivity, connectivity, longest_silence
from devices.models import Device, Presence
from tenancy.directory import organizations_named_by
from tenancy.live import Notice, publish_after_commit

ONLINE, OFFLINE, STATUS = "device.online", "device.offline", "device.status"
AT_ONCE = 500
# A device is online up to the end of its third interval, and not beyond.
_AFTER = timedelta(seconds=1)
_TOLD = ("told_online", "told_low_battery", "told_poor_signal", "told_status")


@dataclass(frozen=True, slots=True)
class Found:
    """Of a device now, by the names of what was told of it."""

    told_online: bool
    told_low_battery: bool | None
    told_poor_signal: bool | None
    told_status: str


def organizations_with_news() -> list[int]:
    return organizations_named_by("devices_organizations_with_news")


def look_soon(device: Device, now: datetime) -> None:
    """In the transaction of a change that listeners should hear of, under the device's lock."""
    Presence.objects.filter(device=device).update(look_at=now)


def tell_changes(now: datetime) -> int:
    """Of the clinic in scope; returns how many devices had news."""
    told = 0
    while True:
        looked_at, had_news = _tell_some(now)
        told += had_news
        if looked_at < AT_ONCE:
            return told


@transaction.atomic
def _tell_some(now: datetime) -> tuple[int, int]:
    due = Presence.objects.due(now).select_for_update(skip_locked=True, of=("self",), no_key=True)
    rows = list(due.order_by("look_at", "id")[:AT_ONCE])
    # By a statement of its own, after the locks: a contact that is not seen here comes after us, and asks for a look.
    found = Device.objects.filter(pk__in=[row.device_id for row in rows]).with_patients_at(now)
    devices = {device.pk: device for device in found}
    notices = [notice for row in rows if (notice := _compare(row, devices[row.device_id], now))]
    Presence.objects.bulk_update(rows, ["look_at", *_TOLD])
    publish_after_commit(notices)
    return len(rows), len(notices)


def _compare(row: Presence, device: Device, now: datetime) -> Notice | None:
    """Puts what is into ``row``; the notice where that is news."""
    is_online = connectivity(device, now) == Connectivity.ONLINE
    low_battery = None if device.battery_level is None else device.battery_level < LOW_BATTERY_PERCENT
    found = Found(is_online, low_battery, row.signal_is_poor, device.status)
    kind = _kind_of_news(row, found)
    for name in _TOLD:
        setattr(row, name, getattr(found, name))
    row.look_at = _when_silent(device, device.last_seen_at) if is_online and device.last_seen_at else None
    return Notice(kind, now, _patient_id(device), device.pk, data=_state(device, found)) if kind else None


def _kind_of_news(row: Presence, found: Found) -> str | None:
    if found.told_online != row.told_online:
        return ONLINE if found.told_online else OFFLINE
    return STATUS if any(getattr(found, name) != getattr(row, name) for name in _TOLD) else None


def _when_silent(device: Device, last_seen_at: datetime) -> datetime:
    silence = longest_silence(device)
    return last_seen_at + silence + _AFTER


def _patient_id(device: Any) -> int | None:
    periods: Iterable[Any] = device.assignments_in_force
    return next((period.patient_id for period in periods), None)


def _state(device: Device, found: Found) -> dict[str, Any]:
    return {
        "connectivity": (Connectivity.ONLINE if found.told_online else Connectivity.OFFLINE).value,
        "status": device.status,
        "lastSeenAt": None if device.last_seen_at is None else _spoken(device.last_seen_at),
        "batteryLevel": device.battery_level,
        "batteryIsLow": found.told_low_battery,
        "signalIsPoor": found.told_poor_signal,
    }


def _spoken(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
