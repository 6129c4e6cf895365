from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models

from accounts.models import Membership
from patients.models.patient import Patient
from tenancy.encryption.errors import Shredded
from tenancy.encryption.fields import SealedTextField
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel

NOTES_LENGTH = 10_000


class AdmissionQuerySet(TenantQuerySet["Admission"]):
    def of_patient(self, patient: Patient) -> AdmissionQuerySet:
        return self.filter(patient_id=patient.pk)

    def open(self) -> AdmissionQuerySet:
        return self.filter(discharged_at__isnull=True)

    def current_of(self, patient: Patient) -> Admission | None:
        """The one that is open; None: the patient is not in the house, or nobody wrote it down."""
        return self.of_patient(patient).open().first()

    def newest_first(self) -> AdmissionQuerySet:
        return self.order_by("-admitted_at", "-id")


class Admission(TenantModel):
    """A patient's stay. What is measured is kept with or without one: a form that nobody filled in loses no data.

    ``discharged_at`` ends it, also where the patient was transferred. The admitting person's name is a copy: members
    leave.
    """

    class Status(models.TextChoices):
        ADMITTED = "admitted", "Admitted"
        VERIFIED = "verified", "Admitted and verified"
        TRANSFERRED = "transferred", "Transferred"
        DISCHARGED = "discharged", "Discharged"
        UNKNOWN = "unknown", "Unknown"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = TenantForeignKey(Patient, related_name="+")
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.ADMITTED)
    room = models.CharField(max_length=50, blank=True)
    admitted_at = models.DateTimeField()
    discharged_at = models.DateTimeField(null=True, blank=True)
    member = TenantForeignKey(Membership, null=True, related_name="+")
    admitted_by = models.CharField(max_length=150)
    discharge_notes = SealedTextField(max_length=NOTES_LENGTH, blank=True, patient="patient_id")
    created_at = models.DateTimeField(auto_now_add=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(AdmissionQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-admitted_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="patients_admission_public_id"),
            models.UniqueConstraint(
                fields=["organization", "patient"],
                condition=models.Q(discharged_at__isnull=True),
                name="patients_admission_one_open",
                violation_error_code="unique",
                violation_error_message="The patient is admitted already: discharge or transfer first.",
            ),
            models.CheckConstraint(
                condition=models.Q(status="unknown")
                | models.Q(status__in=["admitted", "verified"], discharged_at__isnull=True)
                | models.Q(status__in=["transferred", "discharged"], discharged_at__isnull=False),
                name="patients_admission_status",
                violation_error_message="Transferred and discharged have an end, admitted and verified have none.",
            ),
            models.CheckConstraint(
                condition=models.Q(discharged_at__isnull=True) | models.Q(discharged_at__gte=models.F("admitted_at")),
                name="patients_admission_times",
                violation_error_message="A stay ends after it began.",
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient", "-admitted_at"], name="patients_admission_newest")]

    def __str__(self) -> str:
        return f"{self.get_status_display()} {self.admitted_at:%Y-%m-%d}"

    @property
    def readable_notes(self) -> str | None:
        """None where the patient's keys were destroyed."""
        try:
            return str(self.discharge_notes)
        except Shredded:
            return None
