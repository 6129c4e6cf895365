"""Dexcom's records, one row for each recordId, with what they say now; what they said before is a FormerRecord."""

from __future__ import annotations

import uuid

from django.db import models

from dexcom_sync.models.connection import Connection
from dexcom_sync.models.equipment import Source
from dexcom_sync.models.progress import Resource
from patients.models import Patient
from readings.models import RangeFlag
from tenancy.encryption.fields import SealedTextField
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantModel


class OffsetSource(models.IntegerChoices):
    """How the UTC offset of a record is known: written in it, computed from its two times, or the patient's zone."""

    EXPLICIT = 1
    DERIVED = 2
    ASSUMED = 3


class Record(TenantModel):
    """``system_time``: UTC by the clock of the display device, which may be wrong. The wall time that the device showed
    is ``system_time`` read as UTC, and ``display_offset`` seconds more; null where the record did not tell.

    ``payload_digest``: of the record as it came; another one is a new ``version``. ``flags``: codes of what was odd.
    ``extra``: fields that nobody here knows yet.
    """

    pk = models.CompositePrimaryKey("organization_id", "patient_id", "record_id")
    patient = TenantForeignKey(Patient, related_name="+")
    record_id = models.CharField(max_length=128)
    connection = TenantForeignKey(Connection, related_name="+")
    source = TenantForeignKey(Source, related_name="+")
    system_time = models.DateTimeField()
    display_offset = models.IntegerField(null=True, help_text="s")
    utc_offset = models.SmallIntegerField(null=True, help_text="min")
    offset_source = models.SmallIntegerField(choices=OffsetSource.choices)
    payload_digest = models.BinaryField(max_length=16)
    version = models.PositiveSmallIntegerField(default=1)
    flags = models.JSONField(default=list)
    extra = models.JSONField(null=True)
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.record_id


class Egv(Record):
    """``value`` as sent, mg/dL; ``range_flag`` says where it is no measurement. ``is_canonical``: stands for its
    physical reading, of which phone and receiver may each have sent a record; it is the one that readings hold.
    """

    transmitter_ticks = models.BigIntegerField(null=True)
    value = models.IntegerField(null=True)
    unit = models.CharField(max_length=40, blank=True)
    range_flag = models.SmallIntegerField(choices=RangeFlag.choices, default=RangeFlag.IN_RANGE)
    status = models.CharField(max_length=40, blank=True)
    trend = models.CharField(max_length=40, blank=True)
    trend_rate = models.FloatField(null=True)
    rate_unit = models.CharField(max_length=40, blank=True)
    is_canonical = models.BooleanField(default=True)

    class Meta(Record.Meta):
        indexes = [models.Index(fields=["organization", "patient", "system_time"], name="dexcom_egv_by_time")]


class Event(Record):
    """``value``: where it is a number; ``text``: what was sent, notes among them. A deleted event stays, hidden."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    event_status = models.CharField(max_length=40)
    event_type = models.CharField(max_length=40)
    event_sub_type = models.CharField(max_length=40, blank=True)
    value = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    text = SealedTextField(blank=True, patient="patient_id")
    unit = models.CharField(max_length=40, blank=True)
    recorded_system_time = models.DateTimeField(null=True)
    recorded_display_offset = models.IntegerField(null=True, help_text="s")

    class Meta(Record.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "public_id"], name="dexcom_event_public_id")]
        indexes = [models.Index(fields=["organization", "patient", "system_time"], name="dexcom_event_by_time")]


class Calibration(Record):
    value = models.IntegerField(null=True)
    unit = models.CharField(max_length=40, blank=True)
    transmitter_ticks = models.BigIntegerField(null=True)

    class Meta(Record.Meta):
        indexes = [models.Index(fields=["organization", "patient", "system_time"], name="dexcom_calibration_by_time")]


class Alert(Record):
    """A change of one alarm of the display device: there is no id that holds an episode together."""

    alert_name = models.CharField(max_length=40)
    alert_state = models.CharField(max_length=40)

    class Meta(Record.Meta):
        indexes = [models.Index(fields=["organization", "patient", "system_time"], name="dexcom_alert_by_time")]


class FormerRecord(TenantModel):
    """What a record said until ``replaced_at``. ``payload``: JSON in Dexcom's shape."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    connection = TenantForeignKey(Connection, related_name="+")
    patient = TenantForeignKey(Patient, related_name="+")
    resource = models.CharField(max_length=12, choices=Resource.choices)
    record_id = models.CharField(max_length=128)
    version = models.PositiveSmallIntegerField()
    payload = SealedTextField(patient="patient_id")
    replaced_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="dexcom_former_public_id"),
            models.UniqueConstraint(
                fields=["organization", "patient", "resource", "record_id", "version"], name="dexcom_former_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} version {self.version}"
