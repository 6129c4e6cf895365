"""What Dexcom answered, as it came: the proof, and what a mended parser reads again."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models

from dexcom_sync.models.connection import Connection
from dexcom_sync.models.progress import Resource
from patients.models import Patient
from tenancy.encryption.fields import SealedTextField
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class RawPage(TenantModel):
    """``body``: the JSON as it came, deflated, in base64. ``digest``: sha-256 of the JSON."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    connection = TenantForeignKey(Connection, related_name="+")
    patient = TenantForeignKey(Patient, related_name="+")
    resource = models.CharField(max_length=12, choices=Resource.choices)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField()
    records = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)
    body = SealedTextField(patient="patient_id")

    class Meta(TenantModel.Meta):
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["organization", "public_id"], name="dexcom_page_public_id")]
        indexes = [
            models.Index(fields=["organization", "fetched_at"], name="dexcom_page_by_age"),
            models.Index(fields=["organization", "connection", "-fetched_at"], name="dexcom_page_of_connection"),
        ]

    def __str__(self) -> str:
        return f"{self.resource} of {self.fetched_at:%Y-%m-%d %H:%M}"


class QuarantinedRecordQuerySet(TenantQuerySet["QuarantinedRecord"]):
    def waiting(self) -> QuarantinedRecordQuerySet:
        return self.filter(resolved_at__isnull=True)


class QuarantinedRecord(TenantModel):
    """A record that nobody could read, kept as it came until ``replay`` can. ``reason``: a code of the parser."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    connection = TenantForeignKey(Connection, related_name="+")
    patient = TenantForeignKey(Patient, related_name="+")
    resource = models.CharField(max_length=12, choices=Resource.choices)
    record_id = models.CharField(max_length=128, blank=True)
    reason = models.CharField(max_length=60)
    payload_digest = models.BinaryField(max_length=16)
    payload = SealedTextField(patient="patient_id")
    first_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = TenantManager.of(QuarantinedRecordQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="dexcom_quarantine_public_id"),
            models.UniqueConstraint(
                fields=["organization", "connection", "resource", "payload_digest"], name="dexcom_quarantine_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource}: {self.reason}"
