from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from devices.models import Device
from readings.models.reading import SignalQuality
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class SensorValueQuerySet(TenantQuerySet["SensorValue"]):
    def of_device(self, device: Device) -> SensorValueQuerySet:
        return self.filter(device_id=device.pk)

    def between(self, since: datetime | None, until: datetime | None) -> SensorValueQuerySet:
        """From ``since`` on, before ``until``; None is no limit on that side."""
        found = self if since is None else self.filter(measured_at__gte=since)
        return found if until is None else found.filter(measured_at__lt=until)


class SensorValue(TenantModel):
    """What a device measures of itself or of its surroundings. It says nothing about a patient, and never becomes a
    reading, a vital sign or an alarm. Partitioned by month; rows are written by the data plane only.
    """

    pk = models.CompositePrimaryKey("organization_id", "device_id", "sensor_type", "measured_at")
    device = TenantForeignKey(Device, related_name="+")
    sensor_type = models.CharField(max_length=50)
    measured_at = models.DateTimeField()
    value = models.FloatField()
    unit = models.CharField(max_length=20)
    quality = models.SmallIntegerField(choices=SignalQuality.choices, null=True)
    received_at = models.DateTimeField()

    objects: ClassVar[Any] = TenantManager.of(SensorValueQuerySet)

    class Meta(TenantModel.Meta):
        verbose_name = "sensor value"

    def __str__(self) -> str:
        return f"{self.measured_at:%Y-%m-%d %H:%M} {self.sensor_type} {self.value}"
