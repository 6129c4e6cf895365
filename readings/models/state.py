from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from devices.models import Device
from patients.models import Patient
from readings.models.reading import RangeFlag, SignalQuality, Trend, Unit
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class PatientState(TenantModel):
    """The newest reading of a patient with all that the current value's answer contains: one row, one index read.

    No index on columns that change with every reading, so that updates stay within their page.
    """

    pk = models.CompositePrimaryKey("organization_id", "patient_id")
    patient = TenantForeignKey(Patient, related_name="+")
    device = TenantForeignKey(Device, related_name="+")
    measured_at = models.DateTimeField()
    glucose = models.SmallIntegerField()
    unit = models.SmallIntegerField(choices=Unit.choices)
    range_flag = models.SmallIntegerField(choices=RangeFlag.choices)
    quality = models.SmallIntegerField(choices=SignalQuality.choices, null=True)
    trend = models.SmallIntegerField(choices=Trend.choices)
    rate = models.FloatField(null=True)
    confidence = models.DecimalField(max_digits=4, decimal_places=3, null=True)
    battery_level = models.SmallIntegerField(null=True)
    sensor_data = models.JSONField(null=True)
    received_at = models.DateTimeField()

    objects: ClassVar[Any] = TenantManager.of(TenantQuerySet)

    def __str__(self) -> str:
        return f"{self.patient_id}: {self.glucose}"
