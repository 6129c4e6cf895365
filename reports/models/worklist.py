"""What the worklist keeps: who looks after a patient, what was seen when, the last days' counts, and saved views."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Membership
from patients.models import Patient
from tenancy.encryption.errors import Shredded
from tenancy.encryption.fields import SealedTextField
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel

LONGEST_NOTE = 2_000


class CareState(TenantModel):
    """Where the clinic stands with a patient. No row: assigned to nobody, never seen, no contact planned.

    ``rests_until``: until that day what was known when the patient was seen asks for no other call.
    """

    pk = models.CompositePrimaryKey("organization_id", "patient_id")
    patient = TenantForeignKey(Patient, related_name="+")
    assigned_to = TenantForeignKey(Membership, null=True, blank=True, related_name="+")
    next_contact_on = models.DateField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = TenantForeignKey(Membership, null=True, blank=True, related_name="+")
    rests_until = models.DateField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    is_audited = True

    def __str__(self) -> str:
        return str(self.patient_id)


class SeenActQuerySet(TenantQuerySet["SeenAct"]):
    def of_patient(self, patient: Patient) -> SeenActQuerySet:
        return self.filter(patient_id=patient.pk)

    def newest_first(self) -> SeenActQuerySet:
        return self.order_by("-at", "-id")


class SeenAct(TenantModel):
    """That somebody looked after a patient's figures, and what they noted. Rows are added and never changed.

    The name is a copy: members leave.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = TenantForeignKey(Patient, related_name="+")
    member = TenantForeignKey(Membership, related_name="+")
    member_name = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    note = SealedTextField(max_length=LONGEST_NOTE, blank=True, patient="patient_id")
    next_contact_on = models.DateField(null=True, blank=True)
    rests_until = models.DateField()

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(SeenActQuerySet)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="reports_seenact_public_id"),
        ]
        indexes = [models.Index(fields=["organization", "patient", "-at"], name="reports_seen_newest")]

    def __str__(self) -> str:
        return f"seen on {self.at:%Y-%m-%d}"

    @property
    def readable_note(self) -> str | None:
        """None where the patient's keys were destroyed."""
        try:
            return str(self.note)
        except Shredded:
            return None


class SavedViewQuerySet(TenantQuerySet["SavedView"]):
    def open_to(self, member_id: int | None) -> SavedViewQuerySet:
        """A person's own, and those that the clinic shares."""
        return self.filter(models.Q(member_id=member_id) | models.Q(member__isnull=True))


class SavedView(TenantModel):
    """A choice of the worklist under a name: of one member, or shared by the clinic (``member`` None).

    ``choices``: the parameters of the worklist's address. What is searched for is not kept: it names patients.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    member = TenantForeignKey(Membership, null=True, blank=True, related_name="+")
    choices = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(SavedViewQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="reports_savedview_public_id"),
            models.UniqueConstraint(
                fields=["organization", "member", "name"],
                nulls_distinct=False,
                name="reports_savedview_name",
                violation_error_code="unique",
                violation_error_message="There is a view of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RecentDays(TenantModel):
    """The day summaries of a patient's last 28 days, in one small row: ten thousand of them are read in one question.

    ``counts``: for each day, the oldest first and ``last_day`` the last, the numbers that ``reports.worklist.columns``
    names, each in two bytes, high byte first; days without readings are zeros. Kept by the summariser.
    """

    pk = models.CompositePrimaryKey("organization_id", "patient_id")
    patient = TenantForeignKey(Patient, related_name="+")
    last_day = models.DateField()
    counts = models.BinaryField()

    class Meta(TenantModel.Meta):
        verbose_name_plural = "recent days"

    def __str__(self) -> str:
        return f"{self.patient_id}: 28 days to {self.last_day}"
