from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from patients.models import Patient
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class EvaluationMark(TenantModel):
    """A patient with readings that no alarm rule has looked at yet.

    Written by the store while it holds the patient's state row, and removed by whoever has evaluated under the same
    lock, in the transaction that keeps what came of it: a crash leaves the mark, and no reading slips in between.

    ``late_...``: readings that were older than 15 minutes when they arrived; they never alarm.
    """

    pk = models.CompositePrimaryKey("organization_id", "patient_id")
    patient = TenantForeignKey(Patient, related_name="+")
    marked_at = models.DateTimeField(db_default=Now())
    late_count = models.IntegerField()
    late_from = models.DateTimeField(null=True)
    late_until = models.DateTimeField(null=True)

    objects: ClassVar[Any] = TenantManager.of(TenantQuerySet)

    def __str__(self) -> str:
        return str(self.patient_id)
