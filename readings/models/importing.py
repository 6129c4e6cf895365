from __future__ import annotations

import base64
import json
import uuid
import zlib
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Membership
from patients.models import Patient
from tenancy.encryption.fields import SealedTextField
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel

FILE_KEPT_FOR = timedelta(hours=24)


class ImportJobQuerySet(TenantQuerySet["ImportJob"]):
    def of_patient(self, patient: Patient) -> ImportJobQuerySet:
        return self.filter(patient_id=patient.pk)

    def newest_first(self) -> ImportJobQuerySet:
        return self.order_by("-created_at", "-id")

    def running(self) -> ImportJobQuerySet:
        return self.filter(state=ImportJob.State.RUNNING)

    def expired(self) -> ImportJobQuerySet:
        """Whose file was kept for as long as one is: those that nobody went on with, or that came to no end."""
        return self.filter(
            state__in=[ImportJob.State.PREVIEW, ImportJob.State.RUNNING],
            created_at__lt=timezone.now() - FILE_KEPT_FOR,
        )


class ImportJob(TenantModel):
    """A file of one patient's readings that somebody sent. The name is a copy: members leave.

    The file is erased when the run has ended, and after a day in any case. ``ignored``: kinds of lines that are no
    sensor readings, with their numbers. ``problem``: why nothing more came of it, without anything of the patient.
    """

    class State(models.TextChoices):
        PREVIEW = "preview", "waiting to be confirmed"
        RUNNING = "running", "being imported"
        DONE = "done", "done"
        FAILED = "failed", "stopped"
        DISCARDED = "discarded", "discarded"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = TenantForeignKey(Patient, related_name="+")
    member = TenantForeignKey(Membership, null=True, blank=True, related_name="+")
    member_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREVIEW)
    format = models.CharField(max_length=12, blank=True)
    unit = models.CharField(max_length=6, blank=True)
    timezone = models.CharField(max_length=64)
    date_order = models.CharField(max_length=12, blank=True)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    ignored = models.JSONField(default=dict)
    first_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    # base64 of the packed file: sealed values are texts.
    sealed_file = SealedTextField(blank=True, patient="patient_id")
    # The reasons quote the file's cells.
    sealed_refusals = SealedTextField(blank=True, patient="patient_id")

    objects: ClassVar[Any] = TenantManager.of(ImportJobQuerySet)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="readings_import_public_id"),
        ]
        indexes = [
            models.Index(fields=["organization", "patient", "-created_at"], name="readings_import_newest"),
            models.Index(
                fields=["organization", "created_at"],
                name="readings_import_open",
                condition=models.Q(state__in=["preview", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"import of {self.created_at:%Y-%m-%d %H:%M}: {self.state}"

    @property
    def content(self) -> bytes:
        """Raises Shredded where the patient's keys were destroyed since."""
        return zlib.decompress(base64.b64decode(self.sealed_file))

    @content.setter
    def content(self, sent: bytes) -> None:
        self.sealed_file = base64.b64encode(zlib.compress(sent)).decode()

    @property
    def refusals(self) -> list[tuple[int, str]]:
        """Line and reason of the rows that were refused first; ``refused`` counts all of them."""
        return [(line, reason) for line, reason in json.loads(self.sealed_refusals or "[]")]

    @refusals.setter
    def refusals(self, rows: list[tuple[int, str]]) -> None:
        self.sealed_refusals = json.dumps(rows)
