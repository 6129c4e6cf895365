from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Membership
from patients.models.patient import Patient
from tenancy.encryption.errors import Shredded
from tenancy.encryption.fields import SealedTextField
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel

TEXT_LENGTH = 10_000


class HistoryEntryQuerySet(TenantQuerySet["HistoryEntry"]):
    def of_patient(self, patient: Patient) -> HistoryEntryQuerySet:
        return self.filter(patient=patient)

    def newest_first(self) -> HistoryEntryQuerySet:
        return self.order_by("-created_at", "-id")


class Written(TenantModel):
    """Who wrote a sealed text of a patient's history, and when. The name is a copy: members leave."""

    class Kind(models.TextChoices):
        CONDITION = "condition"
        MEDICATION = "medication"
        ALLERGY = "allergy"
        NOTE = "note"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = TenantForeignKey(Patient, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = SealedTextField(max_length=TEXT_LENGTH, patient="patient_id")
    author = TenantForeignKey(Membership, null=True, related_name="+")
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        abstract = True

    @property
    def readable_text(self) -> str | None:
        """None where the patient's keys were destroyed."""
        try:
            return str(self.text)
        except Shredded:
            return None


class HistoryEntry(Written):
    """One entry of a patient's medical history. An amendment keeps what stood there before."""

    amended_at = models.DateTimeField(null=True, editable=False)
    # Tells an imported line again, without telling what it says.
    import_digest = models.BinaryField(max_length=16, null=True, editable=False)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(HistoryEntryQuerySet)

    class Meta(Written.Meta):
        verbose_name = "history entry"
        verbose_name_plural = "medical history"
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="patients_history_public_id"),
            models.UniqueConstraint(fields=["organization", "import_digest"], name="patients_history_import"),
        ]
        indexes = [models.Index(fields=["organization", "patient", "-created_at"], name="patients_history_newest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.created_at:%Y-%m-%d}"


class HistoryAmendment(Written):
    """What an entry said until it was amended; ``author`` amended it, at ``created_at``."""

    entry = TenantForeignKey(HistoryEntry, related_name="amendments")

    class Meta(Written.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="patients_amendment_public_id")
        ]
        indexes = [models.Index(fields=["organization", "entry", "created_at"], name="patients_amendment_of")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} until {self.created_at:%Y-%m-%d}"
