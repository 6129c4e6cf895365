"""Who looks after a patient, what the patient agreed to, and who looked in an emergency."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Membership
from patients.models.patient import Patient
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class CareTeamMember(TenantModel):
    """A member of the staff who looks after a patient. Clinics may let their staff see only these patients."""

    id = models.BigAutoField(primary_key=True)
    patient = TenantForeignKey(Patient, related_name="care_team")
    member = TenantForeignKey(Membership, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    is_audited = True

    class Meta(TenantModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "patient", "member"],
                name="patients_care_team_once",
                violation_error_code="unique",
                violation_error_message="This person is in the patient's care team already.",
            )
        ]
        indexes = [models.Index(fields=["organization", "member"], name="patients_care_of_member")]

    def __str__(self) -> str:
        return str(self.pk)


class ConsentQuerySet(TenantQuerySet["Consent"]):
    def in_force(self) -> ConsentQuerySet:
        return self.filter(withdrawn_at__isnull=True)


class Consent(TenantModel):
    """What a patient agreed to, in which version of the text, and since when it is withdrawn."""

    class Kind(models.TextChoices):
        TREATMENT_DATA = "treatment_data", "Processing of treatment data"
        DEVICE_CLOUD = "device_cloud", "Data from a device maker's cloud"
        SHARING = "sharing", "Sharing with another clinic"
        RESEARCH = "research", "Research"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = TenantForeignKey(Patient, related_name="consents")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    version = models.CharField(max_length=50, help_text="of the text that was agreed to")
    note = models.CharField(max_length=500, blank=True)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    recorded_by = models.CharField(max_length=150, help_text="name of the person who wrote it down")
    created_at = models.DateTimeField(auto_now_add=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(ConsentQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-given_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="patients_consent_public_id"),
            models.UniqueConstraint(
                fields=["organization", "patient", "kind"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="patients_consent_in_force",
                violation_error_code="unique",
                violation_error_message="The patient has given this consent already.",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True) | models.Q(withdrawn_at__gte=models.F("given_at")),
                name="patients_consent_times",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class EmergencyAccessQuerySet(TenantQuerySet["EmergencyAccess"]):
    def open(self) -> EmergencyAccessQuerySet:
        return self.filter(ended_at__isnull=True, expires_at__gt=timezone.now())

    def of_member(self, member_id: int | None) -> EmergencyAccessQuerySet:
        return self.filter(member_id=member_id)


class EmergencyAccess(TenantModel):
    """An hour at most in which a member of the staff sees a patient who is not theirs, and why."""

    LONGEST = timedelta(minutes=60)

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    member = TenantForeignKey(Membership, related_name="+")
    patient = TenantForeignKey(Patient, related_name="+")
    reason = models.CharField(max_length=500)
    begins_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(EmergencyAccessQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-begins_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="patients_emergency_public_id"),
            models.CheckConstraint(
                condition=models.Q(expires_at__lte=models.F("begins_at") + timedelta(minutes=60)),
                name="patients_emergency_an_hour",
            ),
        ]
        indexes = [models.Index(fields=["organization", "member"], name="patients_emergency_of_member")]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def is_open(self) -> bool:
        return self.ended_at is None and self.expires_at > timezone.now()
