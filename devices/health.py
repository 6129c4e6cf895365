"""What can be told of a device from its last contact: derived, never stored. The rest: ``devices.fleet.health``."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import DurationField, ExpressionWrapper, F, Value
from django.db.models.lookups import LessThanOrEqual

from devices.models import Device

INTERVALS_UNTIL_OFFLINE = 3
LOW_BATTERY_PERCENT = 20
OUT_OF_USE = frozenset({Device.Status.RETIRED, Device.Status.INACTIVE})
NEEDING_CARE = frozenset({Device.Status.NEEDS_ATTENTION, Device.Status.MAINTENANCE, Device.Status.ERROR})


class Connectivity(models.TextChoices):
    ONLINE = "online"
    OFFLINE = "offline"


class Health(models.TextChoices):
    DEACTIVATED = "deactivated"
    OFFLINE = "offline"
    WARNING = "warning"
    HEALTHY = "healthy"


def connectivity(device: Device, now: datetime) -> Connectivity:
    """Online while the last contact is no older than three reading intervals."""
    if device.last_seen_at is None:
        return Connectivity.OFFLINE
    silence = now - device.last_seen_at
    return Connectivity.ONLINE if silence <= longest_silence(device) else Connectivity.OFFLINE


def longest_silence(device: Device) -> timedelta:
    return timedelta(seconds=INTERVALS_UNTIL_OFFLINE * device.reading_interval)


def is_online_at(now: datetime) -> LessThanOrEqual:
    """The same of the database; null for a device that was never heard."""
    silence = ExpressionWrapper(Value(now) - F("last_seen_at"), output_field=DurationField())
    longest = ExpressionWrapper(
        F("reading_interval") * timedelta(seconds=INTERVALS_UNTIL_OFFLINE), output_field=DurationField()
    )
    return LessThanOrEqual(silence, longest)
