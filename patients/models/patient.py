from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from tenancy.encryption.blind_index import blind_index
from tenancy.encryption.fields import BlindIndexField, SealedTextField, refresh_blind_indexes, with_blind_indexes
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import CODE_VALIDATOR, TenantModel, validate_timezone

# Sealed, and found exactly through their blind indexes.
IDENTIFIERS = ("medical_record_number", "email", "phone")

# /patients/emergency-access is a path of its own, so nobody could read a patient of this code.
RESERVED_CODE = "emergency-access"


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

    def identified_by(self, field: str, value: str) -> PatientQuerySet:
        """Whose sealed field is exactly ``value``: a medical record number, a phone number or an e-mail address."""
        return self.filter(**{f"{field}_index": blind_index(field=field, value=value)})

    def found_by(self, text: str) -> PatientQuerySet:
        """For a search box: each word in a name or the code, or all of it exactly an identifier."""
        named = models.Q()
        for word in text.split():
            named &= (
                models.Q(last_name__icontains=word)
                | models.Q(first_name__icontains=word)
                | models.Q(code__icontains=word)
            )
        exactly = models.Q(*((f"{name}_index", blind_index(field=name, value=text)) for name in IDENTIFIERS))
        exactly.connector = models.Q.OR
        return self.filter(named | exactly)

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

    class GlucoseGoals(models.TextChoices):
        """Which goals of ``analytics.goals`` a patient's figures are held against."""

        ADULT = "adult", "Adults with type 1 or type 2 diabetes"
        OLDER = "older", "Older people and those at high risk"
        PREGNANCY = "pregnancy", "Pregnancy with type 1 diabetes"
        PREGNANCY_WITHOUT_GOALS = "pregnancy_without_goals", "Pregnancy with type 2 or gestational diabetes"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=50, validators=[CODE_VALIDATOR])
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    birth_date = models.DateField(null=True, blank=True, validators=[validate_birth_date])
    gender = models.CharField(max_length=10, choices=Gender.choices, default=Gender.UNKNOWN)
    medical_record_number = SealedTextField(max_length=64, blank=True, patient="id")
    email = SealedTextField(max_length=254, blank=True, patient="id", validators=[EmailValidator()])
    phone = SealedTextField(max_length=32, blank=True, patient="id")
    medical_record_number_index = BlindIndexField(source="medical_record_number")
    email_index = BlindIndexField(source="email")
    phone_index = BlindIndexField(source="phone")
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
    glucose_goals = models.CharField(
        max_length=30,
        choices=GlucoseGoals.choices,
        default=GlucoseGoals.ADULT,
        db_default=GlucoseGoals.ADULT.value,
        help_text="what the figures of the report and the worklist are held against",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    is_audited = True
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
            models.UniqueConstraint(
                fields=["organization", "medical_record_number_index"],
                name="patients_patient_record_number",
                violation_error_code="unique",
                violation_error_message="A patient with this medical record number exists already.",
            ),
            models.CheckConstraint(
                condition=models.Q(target_low__lt=models.F("target_high")), name="patients_patient_targets"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "last_name", "first_name", "id"], name="patients_by_name"),
            models.Index(fields=["organization", "email_index"], name="patients_by_email"),
            models.Index(fields=["organization", "phone_index"], name="patients_by_phone"),
        ]

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

    def save(self, **options: Any) -> None:
        if not self._state.adding:
            if (names := options.get("update_fields")) is not None:
                options["update_fields"] = with_blind_indexes(type(self), names)
            super().save(**options)
            return
        # The keys of a patient refer to the row: it is stored first, what they seal after it.
        sealed = {name: text for name in IDENTIFIERS if (text := getattr(self, name))}
        for name in sealed:
            setattr(self, name, "")
        super().save(**options)
        if sealed:
            for name, text in sealed.items():
                setattr(self, name, text)
            super().save(update_fields=with_blind_indexes(type(self), sealed))

    def clean(self) -> None:
        refresh_blind_indexes(self)
        if self.code == RESERVED_CODE:
            raise ValidationError({"code": "This word is part of an address: choose another code."})
        if self.target_low is not None and self.target_high is not None and self.target_low >= self.target_high:
            raise ValidationError({"target_low": "The lower target must be below the upper one."})
