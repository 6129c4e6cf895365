from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import CODE_VALIDATOR, TenantModel, validate_timezone


def validate_birth_date(value: date) -> None:
    if value > timezone.localdate() or value.year < 1900:
        raise ValidationError("The date of birth lies between 1900 and today.")


class PatientQuerySet(TenantQuerySet["Patient"]):
    def current(self) -> PatientQuerySet:
        return self.filter(archived_at__isnull=True)

    def archived(self) -> PatientQuerySet:
        return self.filter(archived_at__isnull=False)

    def matching(self, text: str) -> PatientQuerySet:
        """Whose code, first name or last name begins with ``text``."""
        return self.filter(
            models.Q(code__istartswith=text)
            | models.Q(first_name__istartswith=text)
            | models.Q(last_name__istartswith=text)
        )

    def with_code(self, code: str) -> PatientQuerySet:
        # No code holds NUL, and PostgreSQL would refuse the question.
        return self.none() if "\x00" in code else self.filter(code=code)


class Patient(TenantModel):
    """A person whose glucose the clinic follows."""

    class Gender(models.TextChoices):
        MALE = "male"
        FEMALE = "female"
        OTHER = "other"
        UNKNOWN = "unknown"

    class SkinTone(models.TextChoices):
        LIGHT = "light"
        MEDIUM = "medium"
        DARK = "dark"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=50, validators=[CODE_VALIDATOR])
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    birth_date = models.DateField(null=True, blank=True, validators=[validate_birth_date])
    gender = models.CharField(max_length=10, choices=Gender.choices, default=Gender.UNKNOWN)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    address = models.CharField(max_length=300, blank=True)
    room = models.CharField(max_length=50, blank=True)
    height_cm = models.DecimalField(
        "height (cm)",
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(30), MaxValueValidator(250)],
    )
    weight_kg = models.DecimalField(
        "weight (kg)",
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
    )
    bmi = models.DecimalField(
        "BMI",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    skin_tone = models.CharField(max_length=10, choices=SkinTone.choices, blank=True)
    hba1c = models.DecimalField(
        "HbA1c (%)",
        max_digits=4,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(2), MaxValueValidator(20)],
    )
    timezone = models.CharField("time zone", max_length=64, default="UTC", validators=[validate_timezone])
    # The consensus ranges for most adults; mg/dL whatever unit the clinic reads in. Both ends are in range. A target
    # never reaches into very low (below 54) or very high (above 250).
    target_low = models.PositiveSmallIntegerField(
        default=70, validators=[MinValueValidator(54), MaxValueValidator(120)], help_text="mg/dL, in range from here"
    )
    target_high = models.PositiveSmallIntegerField(
        default=180, validators=[MinValueValidator(120), MaxValueValidator(250)], help_text="mg/dL, in range up to here"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = TenantManager.of(PatientQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["last_name", "first_name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "code"],
                name="patients_patient_code",
                violation_error_code="unique",
                violation_error_message="A patient with this code exists already.",
            ),
            models.UniqueConstraint(fields=["organization", "public_id"], name="patients_patient_public_id"),
            models.CheckConstraint(
                condition=models.Q(target_low__lt=models.F("target_high")), name="patients_patient_targets"
            ),
        ]
        indexes = [models.Index(fields=["organization", "last_name", "first_name", "id"], name="patients_by_name")]

    def __str__(self) -> str:
        return f"{self.last_name}, {self.first_name}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def age_in_years(self, now: datetime) -> int | None:
        if self.birth_date is None:
            return None
        today = now.astimezone(self.zone).date()
        before_birthday = (today.month, today.day) < (self.birth_date.month, self.birth_date.day)
        return today.year - self.birth_date.year - before_birthday

    def clean(self) -> None:
        if self.target_low is not None and self.target_high is not None and self.target_low >= self.target_high:
            raise ValidationError({"target_low": "The lower target must be below the upper one."})
