from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from devices.models import Device
from patients.models import Patient
from readings.models.reading import RangeFlag, SignalQuality, Trend, Unit
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class AmendmentQuerySet(TenantQuerySet["Amendment"]):
    def of_patient(self, patient: Patient) -> AmendmentQuerySet:
        return self.filter(patient_id=patient.pk)

    def newest_first(self) -> AmendmentQuerySet:
        return self.order_by("-amended_at")


class Amendment(TenantModel):
    """What a reading said before its source corrected it. The reading's row holds the new value."""

    id = models.BigAutoField(primary_key=True)
    patient = TenantForeignKey(Patient, related_name="+")
    device = TenantForeignKey(Device, related_name="+")
    measured_at = models.DateTimeField()
    amended_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    glucose = models.SmallIntegerField(help_text="mg/dL, before")
    unit = models.SmallIntegerField(choices=Unit.choices)
    range_flag = models.SmallIntegerField(choices=RangeFlag.choices)
    trend = models.SmallIntegerField(choices=Trend.choices, null=True)
    rate = models.FloatField(null=True)
    quality = models.SmallIntegerField(choices=SignalQuality.choices, null=True)

    objects: ClassVar[Any] = TenantManager.of(AmendmentQuerySet)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "patient", "measured_at"], name="readings_amendment_place")]

    def __str__(self) -> str:
        return f"{self.measured_at:%Y-%m-%d %H:%M} {self.glucose}"
