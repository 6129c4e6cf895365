"""What a patient's records came from, and how its alarms were set."""

from __future__ import annotations

import uuid

from django.db import models

from dexcom_sync.models.connection import Connection
from patients.models import Patient
from tenancy.encryption.fields import SealedTextField
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantModel


class Source(TenantModel):
    """A pairing of transmitter and display device, in Dexcom's words, as records name it.

    Hundreds of records a day name the same one: they refer to this row. ``last_upload_at``: true UTC of their server,
    of the devices answer; null where that has not told.
    """

    id = models.BigAutoField(primary_key=True)
    connection = TenantForeignKey(Connection, related_name="sources")
    patient = TenantForeignKey(Patient, related_name="+")
    transmitter_id = models.CharField(max_length=128, blank=True)
    generation = models.CharField(max_length=40, blank=True)
    variant = models.CharField(max_length=40, blank=True)
    display_device = models.CharField(max_length=40, blank=True)
    display_app = models.CharField(max_length=40, blank=True)
    last_upload_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "organization", "connection", "transmitter_id", "generation", "variant", "display_device",
                    "display_app",
                ],
                name="dexcom_source_once",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.generation} {self.display_device}"


class DeviceSettings(TenantModel):
    """The alarm schedules of a source from ``seen_at`` on; a row only where they changed. ``schedules``: as sent."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    source = TenantForeignKey(Source, related_name="settings")
    patient = TenantForeignKey(Patient, related_name="+")
    seen_at = models.DateTimeField()
    digest = models.BinaryField(max_length=16)
    schedules = SealedTextField(patient="patient_id")

    class Meta(TenantModel.Meta):
        ordering = ["-id"]
        verbose_name_plural = "device settings"
        constraints = [models.UniqueConstraint(fields=["organization", "public_id"], name="dexcom_settings_public_id")]
        indexes = [models.Index(fields=["organization", "source", "-seen_at"], name="dexcom_settings_of_source")]

    def __str__(self) -> str:
        return f"since {self.seen_at:%Y-%m-%d %H:%M}"
