from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models

from accounts.models import Membership
from analytics.news2 import Consciousness, SpO2Scale
from patients.models import Patient
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel
from vitals.models.measurement import random_source_number

CONSCIOUSNESS = [(each.value, each.name.title()) for each in Consciousness]
SCALES = [(each.value, f"Scale {each.value}") for each in SpO2Scale]


class ObservationQuerySet(TenantQuerySet["Observation"]):
    def for_patient(self, patient: Patient) -> ObservationQuerySet:
        return self.filter(patient_id=patient.pk)

    def newest_first(self) -> ObservationQuerySet:
        return self.order_by("-observed_at", "-id")


class Observation(TenantModel):
    """What somebody observed of a patient at one time, for an early warning score.

    The values are measurements of ``observed_at`` with this row's ``source_number``: a value that is corrected or
    deleted there changes the score, which is kept nowhere.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = TenantForeignKey(Patient, related_name="+")
    source_number = models.BigIntegerField(default=random_source_number, editable=False)
    observed_at = models.DateTimeField()
    on_oxygen = models.BooleanField(null=True, blank=True)
    consciousness = models.CharField(max_length=12, choices=CONSCIOUSNESS, blank=True)
    # The one that was in force for the patient at that time.
    scale = models.CharField(max_length=1, choices=SCALES, default=SpO2Scale.STANDARD.value)
    note = models.CharField(max_length=500, blank=True)
    member = TenantForeignKey(Membership, related_name="+", null=True, editable=False)
    made_by = models.CharField(max_length=150, help_text="name of the person who observed")
    created_at = models.DateTimeField(auto_now_add=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(ObservationQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-observed_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="vitals_observation_public_id"),
        ]
        indexes = [models.Index(fields=["organization", "patient", "observed_at"], name="vitals_observation_patient")]

    def __str__(self) -> str:
        return f"{self.observed_at:%Y-%m-%d %H:%M}"


class OxygenScaleQuerySet(TenantQuerySet["OxygenScale"]):
    def for_patient(self, patient: Patient) -> OxygenScaleQuerySet:
        return self.filter(patient_id=patient.pk)


class OxygenScale(TenantModel):
    """A clinician's decision by which scale a patient's oxygen saturation counts. The newest is in force."""

    id = models.BigAutoField(primary_key=True)
    patient = TenantForeignKey(Patient, related_name="+")
    scale = models.CharField(max_length=1, choices=SCALES)
    reason = models.CharField(max_length=500)
    decided_at = models.DateTimeField()
    member = TenantForeignKey(Membership, related_name="+", null=True, editable=False)
    decided_by = models.CharField(max_length=150, help_text="name of the clinician")

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(OxygenScaleQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-decided_at", "-id"]
        indexes = [models.Index(fields=["organization", "patient", "decided_at"], name="vitals_oxygenscale_patient")]

    def __str__(self) -> str:
        return f"scale {self.scale}"
