from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from devices.models import Device
from patients.models import Patient
from readings.models import SignalQuality, read_public_id, reading_public_id
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel
from vitals.catalogue import TYPES, Metric, MetricType
from vitals.wording import spoken_value

_METRIC_SHIFT = 64
_METRIC_BITS = 0xFFF << _METRIC_SHIFT


def random_source_number() -> int:
    """62 random bits: two entries by hand of one kind and instant are two measurements."""
    return secrets.randbits(62)


class MeasurementQuerySet(TenantQuerySet["Measurement"]):
    def for_patient(self, patient: Patient) -> MeasurementQuerySet:
        return self.filter(patient_id=patient.pk)

    def of_metrics(self, metrics: Iterable[Metric]) -> MeasurementQuerySet:
        return self.filter(metric__in=list(metrics))

    def between(self, since: datetime | None, until: datetime | None) -> MeasurementQuerySet:
        """From ``since`` on, before ``until``; None is no limit on that side."""
        found = self if since is None else self.filter(measured_at__gte=since)
        return found if until is None else found.filter(measured_at__lt=until)

    def entered(self) -> MeasurementQuerySet:
        """By people and apps, not by devices."""
        return self.filter(public_id__isnull=False)

    def newest_first(self) -> MeasurementQuerySet:
        return self.order_by("-measured_at", "metric", "-source_number")


class Measurement(TenantModel):
    """One value of one kind, by a device, a person or an app. Values are kept in the kind's canonical unit.

    The table is partitioned by month like that of glucose. ``source_number`` tells measurements of one instant apart:
    the public number of the device, or a random one. ``public_id`` is empty where it follows from instant, kind and
    device; what a person entered has one of its own, which stays when the instant is corrected.
    """

    pk = models.CompositePrimaryKey("organization_id", "patient_id", "metric", "measured_at", "source_number")
    patient = TenantForeignKey(Patient, related_name="+")
    metric = models.SmallIntegerField(choices=Metric.choices)
    measured_at = models.DateTimeField()
    source_number = models.BigIntegerField(default=random_source_number)
    device = TenantForeignKey(Device, related_name="+", null=True)
    public_id = models.UUIDField(null=True)
    value = models.FloatField(help_text="in the canonical unit of its kind; of a pair the first, systolic")
    second_value = models.FloatField(null=True, help_text="of a pair the second, diastolic")
    unit = models.CharField(max_length=20, help_text="the unit that it came in")
    quality = models.SmallIntegerField(choices=SignalQuality.choices, null=True)
    source = models.CharField(max_length=100, help_text="device, user, or the name of an app")
    notes = models.CharField(max_length=500, blank=True)
    received_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(MeasurementQuerySet)

    class Meta(TenantModel.Meta):
        verbose_name = "measurement"

    def __str__(self) -> str:
        return f"{self.measured_at:%Y-%m-%d %H:%M} {self.type.name} {self.value}"

    @property
    def type(self) -> MetricType:
        return TYPES[Metric(self.metric)]

    @property
    def words(self) -> str:
        """The kind, the value and its unit, for people."""
        shown = spoken_value(self.type, self.value, self.second_value)
        return f"{self.type.name.replace('_', ' ').capitalize()} {shown} {self.type.unit}"

    @property
    def shown_id(self) -> uuid.UUID:
        """What it is called outside."""
        return self.public_id or device_measurement_id(Metric(self.metric), self.measured_at, self.source_number)


def device_measurement_id(metric: Metric, measured_at: datetime, device_number: int) -> uuid.UUID:
    """The public id of a reading, with the kind in the twelve bits that glucose leaves 0."""
    return uuid.UUID(int=reading_public_id(measured_at, device_number).int | metric << _METRIC_SHIFT)


def read_device_measurement_id(public_id: uuid.UUID) -> tuple[Metric, datetime, int] | None:
    """Kind, instant and device's public number; None where the id is none of a device's measurement."""
    number = (public_id.int & _METRIC_BITS) >> _METRIC_SHIFT
    place = read_public_id(uuid.UUID(int=public_id.int & ~_METRIC_BITS))
    if place is None or number not in Metric.values:
        return None
    return Metric(number), *place
