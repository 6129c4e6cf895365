"""Reports of many patients that were asked for at once: one row for each patient, which is made when a worker comes."""

from __future__ import annotations

import base64
import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Membership
from patients.models import Patient
from tenancy.encryption.fields import SealedTextField
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import GlucoseUnit, TenantModel

KEPT_FOR = timedelta(days=7)


class ReportBatchQuerySet(TenantQuerySet["ReportBatch"]):
    def newest_first(self) -> ReportBatchQuerySet:
        return self.order_by("-created_at", "-id")

    def expired(self) -> ReportBatchQuerySet:
        return self.filter(created_at__lt=timezone.now() - KEPT_FOR)


class ReportBatch(TenantModel):
    """What was asked for. The name is a copy: members leave."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    member = TenantForeignKey(Membership, null=True, blank=True, related_name="+")
    member_name = models.CharField(max_length=150)
    days = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=5)
    paper = models.CharField(max_length=10)
    unit = models.CharField(max_length=6, choices=GlucoseUnit.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(ReportBatchQuerySet)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "report batches"
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="reports_batch_public_id"),
        ]
        indexes = [models.Index(fields=["organization", "-created_at"], name="reports_batch_newest")]

    def __str__(self) -> str:
        return f"reports of {self.days} days, {self.created_at:%Y-%m-%d %H:%M}"


class BatchReportQuerySet(TenantQuerySet["BatchReport"]):
    def waiting(self) -> BatchReportQuerySet:
        return self.filter(state=BatchReport.State.WAITING)

    def made(self) -> BatchReportQuerySet:
        return self.filter(state=BatchReport.State.MADE)

    def failed(self) -> BatchReportQuerySet:
        return self.filter(state=BatchReport.State.FAILED)

    def counted(self) -> dict[str, int]:
        return dict(self.order_by().values_list("state").annotate(models.Count("id")))


class BatchReport(TenantModel):
    """One patient's report of a batch. ``problem``: why there is none, without anything about the patient."""

    class State(models.TextChoices):
        WAITING = "waiting"
        MADE = "made"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    batch = TenantForeignKey(ReportBatch, related_name="reports")
    patient = TenantForeignKey(Patient, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    problem = models.CharField(max_length=200, blank=True)
    # base64: sealed values are texts.
    sealed_pdf = SealedTextField(blank=True, patient="patient_id")

    objects: ClassVar[Any] = TenantManager.of(BatchReportQuerySet)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="reports_batchreport_public_id"),
            models.UniqueConstraint(fields=["organization", "batch", "patient"], name="reports_batchreport_once"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "batch", "id"],
                name="reports_batch_waiting",
                condition=models.Q(state="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id}: {self.state}"

    @property
    def pdf(self) -> bytes:
        """Raises Shredded where the patient's keys were destroyed since."""
        return base64.b64decode(self.sealed_pdf)

    @pdf.setter
    def pdf(self, made: bytes) -> None:
        self.sealed_pdf = base64.b64encode(made).decode()
