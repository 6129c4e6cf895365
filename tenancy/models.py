from __future__ import annotations

import uuid
from functools import cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from tenancy.encryption.owners import Purpose
from tenancy.managers import TenantManager
from tenancy.scope import current_organization_id

# \Z: "$" would let a trailing newline through.
CODE_VALIDATOR = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9_.-]*\Z", "Letters, digits, underscore, dot and hyphen only.")


# The standard library walks through all its files each time.
@cache
def _timezones() -> set[str]:
    """Those that PostgreSQL knows too: it cuts days by them. ``localtime`` is a file of Debian's, not a zone."""
    return available_timezones() - {"localtime"}


def validate_timezone(value: str) -> None:
    """Exact names only: a mis-cased zone would work on one system and silently be UTC on another."""
    if value not in _timezones():
        raise ValidationError("%(value)s is not a time zone, e.g. Europe/Berlin or UTC.", params={"value": value})


class GlucoseUnit(models.TextChoices):
    MG_DL = "mg/dL"
    MMOL_L = "mmol/L"


class Organization(models.Model):
    """A clinic. Its id is what every other table is divided by."""

    class Kind(models.TextChoices):
        ENTERPRISE = "enterprise"
        SMALL_BUSINESS = "small_business"
        STARTUP = "startup"
        EDUCATIONAL = "educational"
        GOVERNMENT = "government"
        NON_PROFIT = "non_profit"
        INDIVIDUAL = "individual"

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"
        INACTIVE = "inactive"
        PENDING = "pending"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*\Z", "Small letters, digits and hyphens.")],
    )
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.SMALL_BUSINESS)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.ACTIVE)
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_timezone])
    glucose_unit = models.CharField(max_length=6, choices=GlucoseUnit.choices, default=GlucoseUnit.MG_DL)
    reading_max_age_hours = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(87_600)],
        help_text="Older readings are refused when they arrive; empty: no limit.",
    )
    reading_retention_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3_650)],
        help_text="Readings measured longer ago are removed for good, every night; empty: all are kept.",
    )
    device_key_max_age_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(15), MaxValueValidator(3_650)],
        help_text="New keys of devices end after this time at the latest; empty: never by themselves.",
    )
    assigned_patients_only = models.BooleanField(
        default=False,
        help_text="Clinicians, nurses and viewers see the patients of their care team only; owners and admins see all.",
    )
    audit_retention_days = models.PositiveIntegerField(
        default=2192,
        validators=[MinValueValidator(365), MaxValueValidator(36_500)],
        help_text="How long the audit ledger is kept; 2192 days are six years.",
    )
    contact_email = models.EmailField(max_length=254, blank=True)
    contact_phone = models.CharField(max_length=32, blank=True)
    contact_address = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class TenantModel(models.Model):
    """A row of one organization. Row-level security holds the line; the manager names the organization as well."""

    organization = models.ForeignKey(
        Organization,
        on_delete=models.PROTECT,
        related_name="+",
        default=current_organization_id,
        editable=False,
        db_index=False,
        db_constraint=False,  # made by ProtectTenantTable, not deferrable
    )

    # Whether update() and bulk writes are refused: each change must stand in the audit ledger.
    is_audited: ClassVar[bool] = False

    objects: ClassVar[Any] = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"

    def _do_update(self, base_qs: Any, using: Any, pk_val: Any, values: Any, *args: Any) -> Any:
        # A distributed engine refuses to write the column that it is divided by, even with the same value.
        kept = [value for value in values if value[0].attname != "organization_id"]
        return super()._do_update(base_qs, using, pk_val, kept, *args)

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        return type(self)._base_manager.using(using).filter(pk=self.pk).delete()


class DataKey(TenantModel):
    """A key that seals values of the clinic or of one patient, wrapped by the clinic's root key; or that root key.

    ``wrapped`` empty: shredded. A replaced key is not active, and goes when nothing is sealed with it any more.
    """

    # From one sequence for all keys: four bytes of every sealed value name its key.
    id = models.BigIntegerField(primary_key=True)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    # Patients stand above; their migration adds the key in the database.
    patient_id = models.BigIntegerField(null=True)
    parent_id = models.BigIntegerField(null=True, help_text="the root key that wraps it")
    kek_id = models.CharField(max_length=300, blank=True, help_text="of a root key: what wraps it")
    wrapped = models.BinaryField(null=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    shredded_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "purpose", "patient_id"],
                condition=models.Q(is_active=True),
                nulls_distinct=False,
                name="tenancy_datakey_one_active",
            )
        ]
        indexes = [models.Index(fields=["organization", "patient_id"], name="tenancy_datakey_of_patient")]

    def __str__(self) -> str:
        return f"{self.purpose} key {self.pk}"


class PlatformKey(models.Model):
    """The key that seals what belongs to a person in no clinic: secrets of second factors. Wrapped like a root key."""

    id = models.BigIntegerField(primary_key=True)
    kek_id = models.CharField(max_length=300)
    wrapped = models.BinaryField()
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=models.Q(is_active=True), name="tenancy_platformkey_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"key {self.pk}"
