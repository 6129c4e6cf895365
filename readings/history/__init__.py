"""What was measured, read back: for Django at once, for the data plane as steps (``readings.store.steps``).

Every step names the organization in its parameters; on the data plane no policy does more than hold that line.
"""

from __future__ import annotations

from datetime import datetime

from devices.models import Device
from readings.history.buckets import Bucket, Resolution, bucket_page_steps
from readings.history.devices import (
    DeviceKey,
    DeviceReading,
    Statistics,
    device_page_steps,
    device_statistics_steps,
)
from readings.history.raw import Place, RawRow, raw_page_steps
from readings.store import run_steps
from tenancy.scope import required_organization_id

__all__ = [
    "Bucket",
    "DeviceKey",
    "DeviceReading",
    "Place",
    "RawRow",
    "Resolution",
    "Statistics",
    "bucket_page_steps",
    "device_page_steps",
    "device_readings",
    "device_statistics",
    "device_statistics_steps",
    "raw_page_steps",
]


def device_readings(
    device: Device, *, since: datetime | None, until: datetime | None, limit: int, offset: int = 0
) -> list[DeviceReading]:
    """As ``device_page_steps``, in the organization in scope."""
    steps = device_page_steps(
        _key(device), public_number=device.public_number, since=since, until=until, limit=limit, offset=offset
    )
    return run_steps(steps)


def device_statistics(device: Device, *, since: datetime | None, until: datetime | None) -> Statistics:
    """As ``device_statistics_steps``, in the organization in scope."""
    return run_steps(device_statistics_steps(_key(device), since=since, until=until))


def _key(device: Device) -> DeviceKey:
    return DeviceKey(required_organization_id(), device.pk)
