"""What alarms: the clinic's rules, those of its groups of patients, and those of one patient."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from alerts.models.episode import Severity
from patients.models import Patient
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import CODE_VALIDATOR, TenantModel

A_DAY_OF_MINUTES = 1440


class RuleGroup(TenantModel):
    """Patients of a clinic who share rules, "Pregnancy" for example."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    preset = models.CharField(max_length=30, blank=True, help_text="empty: the clinic's")
    preset_version = models.PositiveSmallIntegerField(null=True)

    is_audited = True

    class Meta(TenantModel.Meta):
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="alerts_group_public_id"),
            models.UniqueConstraint(
                fields=["organization", "name"],
                name="alerts_group_name",
                violation_error_code="unique",
                violation_error_message="There is a group of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WhatAlarms(TenantModel):
    """A rule of a clinic's own, or what it changed of a preset's rule of the same code.

    A patient's rule stands in the place of the group's with the same code, that in the place of the clinic's, and that
    in the place of the preset's.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=50, validators=[CODE_VALIDATOR])
    name = models.CharField(max_length=150)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    condition = models.JSONField()
    confirm_minutes = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(A_DAY_OF_MINUTES)])
    close_minutes = models.PositiveSmallIntegerField(default=15, validators=[MaxValueValidator(A_DAY_OF_MINUTES)])
    margin = models.PositiveSmallIntegerField(default=5, help_text="mg/dL", validators=[MaxValueValidator(50)])
    repeat_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(A_DAY_OF_MINUTES)]
    )
    is_on = models.BooleanField(default=True)
    changed_at = models.DateTimeField(auto_now=True)

    is_audited = True

    class Meta(TenantModel.Meta):
        abstract = True
        ordering = ["code", "id"]

    def __str__(self) -> str:
        return self.name


class RuleQuerySet(TenantQuerySet["Rule"]):
    def of_clinic(self) -> RuleQuerySet:
        return self.filter(group_id__isnull=True)

    def of_group(self, group: RuleGroup) -> RuleQuerySet:
        return self.filter(group_id=group.pk)


class Rule(WhatAlarms):
    """Of all patients of a clinic, or of those of a group."""

    group = TenantForeignKey(RuleGroup, null=True, blank=True, related_name="rules")

    objects: ClassVar[Any] = TenantManager.of(RuleQuerySet)

    class Meta(WhatAlarms.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="alerts_rule_public_id"),
            models.UniqueConstraint(
                fields=["organization", "code", "group"],
                nulls_distinct=False,
                name="alerts_rule_code",
                violation_error_code="unique",
                violation_error_message="There is a rule of this code already.",
            ),
        ]


class PatientRule(WhatAlarms):
    """Of one patient. A table of its own: who may not see the patient does not see what was set for them."""

    patient = TenantForeignKey(Patient, related_name="+")

    class Meta(WhatAlarms.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="alerts_patientrule_public_id"),
            models.UniqueConstraint(
                fields=["organization", "patient", "code"],
                name="alerts_patientrule_code",
                violation_error_code="unique",
                violation_error_message="The patient has a rule of this code already.",
            ),
        ]


class ClinicAlarms(TenantModel):
    """What a clinic chose about its alarms. Without a row: the newest version of the standard preset."""

    class Detail(models.TextChoices):
        """How much of a patient a message may tell."""

        NONE = "none", "That there is an alarm"
        CODE = "code", "The patient's code and the rule"
        VALUE = "value", "The code, the rule and the value"

    id = models.BigAutoField(primary_key=True)
    preset = models.CharField(max_length=30)
    preset_version = models.PositiveSmallIntegerField()
    message_detail = models.CharField(max_length=5, choices=Detail.choices, default=Detail.CODE)

    is_audited = True

    class Meta(TenantModel.Meta):
        verbose_name_plural = "clinic alarms"
        constraints = [models.UniqueConstraint(fields=["organization"], name="alerts_clinic_once")]

    def __str__(self) -> str:
        return self.preset


class PatientAlarms(TenantModel):
    """A patient's group, and when deliveries about the patient keep quiet. Quiet hours never change what is an alarm.

    ``quiet_from`` and ``quiet_until`` are times of the patient's own clock.
    """

    pk = models.CompositePrimaryKey("organization_id", "patient_id")
    patient = TenantForeignKey(Patient, related_name="+")
    group = TenantForeignKey(RuleGroup, null=True, blank=True, related_name="+")
    notifies = models.BooleanField(default=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)

    is_audited = True

    class Meta(TenantModel.Meta):
        verbose_name_plural = "patient alarms"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="alerts_patient_quiet_hours",
            )
        ]

    def __str__(self) -> str:
        return str(self.patient_id)
