from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now

from patients.models import Patient
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import CODE_VALIDATOR, TenantModel

MAC_VALIDATOR = RegexValidator(
    r"^([0-9A-F]{2}:){5}[0-9A-F]{2}\Z", "Six pairs of hexadecimal digits: AA:BB:CC:00:11:22."
)


def random_public_number() -> int:
    """62 random bits: the part of a reading's public id that names its device."""
    return secrets.randbits(62)


class DeviceQuerySet(TenantQuerySet["Device"]):
    def in_use(self) -> DeviceQuerySet:
        return self.exclude(status=Device.Status.RETIRED)

    def matching(self, text: str) -> DeviceQuerySet:
        """Whose code, name or serial number begins with ``text``."""
        return self.filter(
            models.Q(code__istartswith=text)
            | models.Q(name__istartswith=text)
            | models.Q(serial_number__istartswith=text)
        )

    def with_patients_at(self, instant: datetime) -> DeviceQuerySet:
        """Each with ``assignments_in_force``: at most one, and its patient; one more query for all devices."""
        in_force = Assignment.objects.in_force_at(instant).select_related("patient")
        return self.prefetch_related(models.Prefetch("assignments", in_force, to_attr="assignments_in_force"))

    def named(self, code_or_uuid: str) -> DeviceQuerySet:
        """The device with this code, or with this public UUID."""
        # No code holds NUL, and PostgreSQL would refuse the question.
        if "\x00" in code_or_uuid:
            return self.none()
        try:
            # Serial numbers of 32 hexadecimal digits are codes as well.
            return self.filter(models.Q(code=code_or_uuid) | models.Q(public_id=uuid.UUID(code_or_uuid)))
        except ValueError:
            return self.filter(code=code_or_uuid)


class Device(TenantModel):
    """Anything that readings come from: a sensor, a Dexcom account, an uploader, an imported file."""

    class Kind(models.TextChoices):
        ARGUS = "argus"
        DEXCOM = "dexcom"
        NIGHTSCOUT = "nightscout"
        IMPORT = "import"
        OTHER = "other"

    class Status(models.TextChoices):
        REGISTERED = "registered"
        ACTIVE = "active"
        INACTIVE = "inactive"
        NEEDS_ATTENTION = "needs_attention"
        MAINTENANCE = "maintenance"
        ERROR = "error"
        RETIRED = "retired"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    public_number = models.BigIntegerField(default=random_public_number, editable=False)
    code = models.CharField(max_length=50, validators=[CODE_VALIDATOR])
    name = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.ARGUS)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.REGISTERED)
    # NULL, not "": a clinic has many devices without a serial number, and each number at most once.
    serial_number = models.CharField(max_length=50, null=True, blank=True)  # noqa: DJ001
    firmware_version = models.CharField(max_length=20, blank=True)
    hardware_revision = models.CharField(max_length=20, blank=True)
    hardware_model = models.CharField(max_length=100, blank=True, db_default="")
    mac_address = models.CharField("MAC address", max_length=17, blank=True, db_default="", validators=[MAC_VALIDATOR])
    manufactured_on = models.DateField(null=True, blank=True)
    calibrated_on = models.DateField(null=True, blank=True)
    reading_interval = models.PositiveIntegerField(
        "reading interval (s)", default=300, validators=[MinValueValidator(30), MaxValueValidator(86_400)]
    )
    # How much later than measured its readings come: what never comes at once must not count as silent.
    expected_lag_minutes = models.PositiveSmallIntegerField(
        "expected lag (min)",
        null=True,
        blank=True,
        validators=[MaxValueValidator(1_440)],
        help_text="how much later than measured its readings come; empty: as usual for its kind",
    )
    # Rises with each change of what the device is told to do (devices.fleet.settings).
    settings_version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    last_seen_at = models.DateTimeField("last contact", null=True, blank=True, editable=False)
    battery_level = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(DeviceQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "code"],
                name="devices_device_code",
                violation_error_code="unique",
                violation_error_message="A device with this code exists already.",
            ),
            models.UniqueConstraint(fields=["organization", "public_id"], name="devices_device_public_id"),
            models.UniqueConstraint(fields=["organization", "public_number"], name="devices_device_public_number"),
            models.UniqueConstraint(
                fields=["organization", "serial_number"],
                name="devices_device_serial_number",
                violation_error_code="unique",
                violation_error_message="A device with this serial number exists already.",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class AssignmentQuerySet(TenantQuerySet["Assignment"]):
    def in_force_at(self, instant: datetime) -> AssignmentQuerySet:
        return self.filter(starts_at__lte=instant).filter(
            models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=instant)
        )

    def overlapping(self, since: datetime | None, until: datetime | None) -> AssignmentQuerySet:
        """In force at some time from ``since`` on and before ``until``; None is no limit on that side."""
        periods = self if until is None else self.filter(starts_at__lt=until)
        return periods if since is None else periods.exclude(ends_at__lte=since)

    def open(self) -> AssignmentQuerySet:
        return self.filter(ends_at__isnull=True)

    def reaching_beyond(self, instant: datetime) -> AssignmentQuerySet:
        return self.filter(models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=instant))


class Assignment(TenantModel):
    """A period in which a device measures one patient: from ``starts_at``, up to but not at ``ends_at``.

    The periods of a device do not overlap; ``devices.services`` holds that under a lock on the device.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    device = TenantForeignKey(Device, related_name="assignments")
    patient = TenantForeignKey(Patient, related_name="assignments")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=512, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(AssignmentQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="devices_assignment_public_id"),
            models.UniqueConstraint(fields=["organization", "device", "starts_at"], name="devices_assignment_start"),
            models.UniqueConstraint(
                fields=["organization", "device"],
                condition=models.Q(ends_at__isnull=True),
                name="devices_assignment_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=models.F("starts_at")),
                name="devices_assignment_order",
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient", "starts_at"], name="devices_assignment_patient")]

    def __str__(self) -> str:
        return f"{self.device} → {self.patient}"


class DeviceKeyQuerySet(TenantQuerySet["DeviceKey"]):
    def live(self) -> DeviceKeyQuerySet:
        return self.filter(revoked_at__isnull=True).filter(
            models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=Now())
        )


class DeviceKey(TenantModel):
    """A credential of one device, or with no device of the clinic's own uploader. Only its digest is kept."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    device = TenantForeignKey(Device, related_name="keys", null=True, blank=True)
    name = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=16, editable=False, help_text="the first characters, to recognise the key by")
    digest = models.BinaryField(max_length=32, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The key that this one was made for: it ends soon after this one is first used.
    replaces = TenantForeignKey("self", related_name="+", null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When owners were told by mail that it ends soon: once for each key.
    end_told_at = models.DateTimeField(null=True, blank=True, editable=False)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(DeviceKeyQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="devices_devicekey_public_id"),
            models.UniqueConstraint(fields=["organization", "digest"], name="devices_devicekey_digest"),
        ]
        indexes = [
            models.Index(fields=["digest"], name="devices_devicekey_lookup"),
            models.Index(fields=["organization", "device"], name="devices_devicekey_device"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"


class PresenceQuerySet(TenantQuerySet["Presence"]):
    def due(self, now: datetime) -> PresenceQuerySet:
        return self.filter(look_at__lte=now)


class Presence(TenantModel):
    """What live streams were told last of a device; ``devices.presence`` compares it with what is.

    ``look_at``: when to compare next: at once after a contact that brings news, otherwise when the device would be
    offline if nothing more came; None where only a contact can bring news. Rows are made by the store of readings.
    """

    id = models.BigAutoField(primary_key=True)
    device = TenantForeignKey(Device, related_name="+")
    look_at = models.DateTimeField(null=True)
    # As it was heard with a reading; the device's own row keeps battery and contact.
    signal_is_poor = models.BooleanField(null=True)
    told_online = models.BooleanField(default=False, db_default=False)
    told_low_battery = models.BooleanField(null=True)
    told_poor_signal = models.BooleanField(null=True)
    told_status = models.CharField(max_length=16, default="", db_default="")

    objects: ClassVar[Any] = TenantManager.of(PresenceQuerySet)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "device"], name="devices_presence_device")]
        indexes = [
            models.Index(
                fields=["organization", "look_at"],
                condition=models.Q(look_at__isnull=False),
                name="devices_presence_due",
            )
        ]

    def __str__(self) -> str:
        return f"presence of device {self.device_id}"


# Their models belong to this app and refer to the ones above.
import devices.commands.models  # noqa: E402
import devices.fleet.models  # noqa: E402
import devices.provisioning.models  # noqa: E402, F401
