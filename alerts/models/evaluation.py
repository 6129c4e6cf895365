from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from patients.models import Patient
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class PatientEvaluation(TenantModel):
    """What the evaluator must remember of a patient from one look to the next.

    ``seen``: the readings it has looked at, as [measured_at in milliseconds, device, mg/dL], of the last 20 minutes:
    a reading that is older than the newest by more cannot have been fresh on arrival. ``rules``: by code, how far
    the rule's machine is, also where a person has ended the episode already: it must become untrue before it alarms
    again. ``next_look_at``: when something may change although no reading comes; null: never.
    """

    pk = models.CompositePrimaryKey("organization_id", "patient_id")
    patient = TenantForeignKey(Patient, related_name="+")
    evaluated_at = models.DateTimeField()
    evaluated_through = models.DateTimeField(help_text="measurement of the newest reading")
    seen = models.JSONField()
    rules = models.JSONField()
    next_look_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = TenantManager.of(TenantQuerySet)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(
                fields=["organization", "next_look_at"],
                condition=models.Q(next_look_at__isnull=False),
                name="alerts_evaluation_due",
            )
        ]

    def __str__(self) -> str:
        return str(self.patient_id)


class LateReadings(TenantModel):
    """Readings that were older than 15 minutes when they arrived: on the timeline, and never an alarm.

    Those that arrive within an hour from ``arrived_at`` on share a row.
    """

    id = models.BigAutoField(primary_key=True)
    patient = TenantForeignKey(Patient, related_name="+")
    arrived_at = models.DateTimeField(db_default=Now())
    count = models.IntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name_plural = "late readings"
        ordering = ["-arrived_at", "-id"]
        indexes = [models.Index(fields=["organization", "patient", "-arrived_at"], name="alerts_late_of_patient")]

    def __str__(self) -> str:
        return f"{self.count} readings of {self.first_at:%Y-%m-%d %H:%M} and later"
