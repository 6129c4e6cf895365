from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar

from django.db import models

from devices.models import Device
from patients.models import Patient
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unit(models.IntegerChoices):
    """The unit that a value came in; values are kept in mg/dL."""

    MG_DL = 1, "mg/dL"
    MMOL_L = 2, "mmol/L"


class RangeFlag(models.IntegerChoices):
    """Whether the sensor could measure: below or above its range the number is a code, not a concentration."""

    LOW = -1, "low"
    IN_RANGE = 0, "ok"
    HIGH = 1, "high"


class SignalQuality(models.IntegerChoices):
    EXCELLENT = 1, "excellent"
    GOOD = 2, "good"
    FAIR = 3, "fair"
    POOR = 4, "poor"


class Trend(models.IntegerChoices):
    """Dexcom's words. Arrows change at 1, 2 and 3 mg/dL/min."""

    NONE = 0, "none"
    DOUBLE_UP = 1, "doubleUp"
    SINGLE_UP = 2, "singleUp"
    FORTY_FIVE_UP = 3, "fortyFiveUp"
    FLAT = 4, "flat"
    FORTY_FIVE_DOWN = 5, "fortyFiveDown"
    SINGLE_DOWN = 6, "singleDown"
    DOUBLE_DOWN = 7, "doubleDown"
    NOT_COMPUTABLE = 8, "notComputable"
    RATE_OUT_OF_RANGE = 9, "rateOutOfRange"


class GlucoseReadingQuerySet(TenantQuerySet["GlucoseReading"]):
    def for_patient(self, patient: Patient) -> GlucoseReadingQuerySet:
        return self.filter(patient_id=patient.pk)

    def between(self, since: datetime | None, until: datetime | None) -> GlucoseReadingQuerySet:
        """From ``since`` on, before ``until``; None is no limit on that side."""
        readings = self
        if since is not None:
            readings = readings.filter(measured_at__gte=since)
        if until is not None:
            readings = readings.filter(measured_at__lt=until)
        return readings

    def older_than(self, measured_at: datetime, device: Device) -> GlucoseReadingQuerySet:
        """What follows, newest first, after the reading of this device and instant."""
        same_instant = models.Q(measured_at=measured_at, device_id__lt=device.pk)
        return self.filter(measured_at__lte=measured_at).filter(models.Q(measured_at__lt=measured_at) | same_instant)

    def canonical(self) -> GlucoseReadingQuerySet:
        """Without the copies of one physical reading that a second receiver sent."""
        return self.filter(is_copy=False)

    def newest_first(self) -> GlucoseReadingQuerySet:
        return self.order_by("-measured_at", "-device_id")

    def oldest_first(self) -> GlucoseReadingQuerySet:
        return self.order_by("measured_at", "device_id")


class GlucoseReading(TenantModel):
    """One measurement. Which patient it belongs to follows from the device's assignment at ``measured_at``.

    The table is partitioned by month; rows are written by ``readings.store`` only.
    """

    pk = models.CompositePrimaryKey("organization_id", "patient_id", "measured_at", "device_id")
    patient = TenantForeignKey(Patient, related_name="+")
    measured_at = models.DateTimeField()
    device = TenantForeignKey(Device, related_name="+")
    glucose = models.SmallIntegerField(help_text="mg/dL; only a bound where range_flag is not 0")
    unit = models.SmallIntegerField(choices=Unit.choices, default=Unit.MG_DL)
    range_flag = models.SmallIntegerField(choices=RangeFlag.choices, default=RangeFlag.IN_RANGE)
    quality = models.SmallIntegerField(choices=SignalQuality.choices, null=True)
    trend = models.SmallIntegerField(choices=Trend.choices, null=True)
    rate = models.FloatField(null=True, help_text="mg/dL/min, as the source gives it")
    confidence = models.DecimalField(max_digits=4, decimal_places=3, null=True)
    battery_level = models.SmallIntegerField(null=True)
    sensor_data = models.JSONField(null=True)
    is_copy = models.BooleanField(default=False)
    received_at = models.DateTimeField()

    objects: ClassVar[Any] = TenantManager.of(GlucoseReadingQuerySet)

    class Meta(TenantModel.Meta):
        verbose_name = "glucose reading"

    def __str__(self) -> str:
        return f"{self.measured_at:%Y-%m-%d %H:%M} {self.glucose}"


def reading_public_id(measured_at: datetime, device_number: int) -> uuid.UUID:
    """A UUIDv8 of the instant (48 bits of milliseconds since 1970) and the device's public number (62 bits).

    It can be taken apart again, so no column stores it.
    """
    return uuid.UUID(int=_public_number(_milliseconds(measured_at), device_number))


def reading_public_text(measured_at: datetime, device_number: int) -> str:
    """The text of the same id, for those who write thousands."""
    digits = f"{_milliseconds(measured_at):012x}"
    return f"{digits[:8]}-{digits[8:]}-{_device_part(device_number)}"


@lru_cache(maxsize=10_000)
def _device_part(device_number: int) -> str:
    return str(uuid.UUID(int=_public_number(0, device_number)))[14:]


def _public_number(milliseconds: int, device_number: int) -> int:
    return milliseconds << 80 | 0x8 << 76 | 0b10 << 62 | device_number


def _milliseconds(measured_at: datetime) -> int:
    """Since 1970, in 48 bits; before it in their complement. Times are whole milliseconds: a float holds them."""
    return math.floor(measured_at.timestamp() * 1000 + 0.5) & (2**48 - 1)


def read_public_id(public_id: uuid.UUID) -> tuple[datetime, int] | None:
    """The instant and the device's public number; None where the id is not a reading's."""
    if public_id.version != 8 or public_id.variant != uuid.RFC_4122:
        return None
    milliseconds = public_id.int >> 80
    if milliseconds >= 2**47:  # before 1970
        milliseconds -= 2**48
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds), public_id.int & (2**62 - 1)
    except OverflowError:
        return None
