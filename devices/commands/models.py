from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from devices.models import Device
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class Kind(models.TextChoices):
    RESTART = "restart"
    UPDATE_FIRMWARE = "update_firmware"
    UPDATE_CONFIG = "update_config"
    RESET = "reset"
    CALIBRATE = "calibrate"
    READ_SENSOR = "read_sensor"
    SET_ALERT = "set_alert"
    CUSTOM = "custom"


class Priority(models.IntegerChoices):
    LOW = 1, "low"
    NORMAL = 2, "normal"
    HIGH = 3, "high"
    CRITICAL = 4, "critical"


class Status(models.TextChoices):
    PENDING = "pending"
    SENT = "sent"
    EXECUTING = "executing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"


class Ordered(TenantModel):
    """What is to be done, and how long it is tried: of a command, and of a template for commands."""

    type = models.CharField(max_length=16, choices=Kind.choices)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    parameters = models.JSONField(default=dict, blank=True)
    timeout_seconds = models.PositiveIntegerField(
        "timeout (s)",
        default=300,
        validators=[MinValueValidator(30), MaxValueValidator(3_600)],
        help_text="from when the device fetched it",
    )
    retries = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(5)], help_text="after a failure or a timeout"
    )
    retry_delay_seconds = models.PositiveIntegerField(
        "retry delay (s)", default=60, validators=[MinValueValidator(10), MaxValueValidator(3_600)]
    )
    description = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        abstract = True


class DeviceCommandQuerySet(TenantQuerySet["DeviceCommand"]):
    def open(self) -> DeviceCommandQuerySet:
        return self.filter(status__in=[Status.PENDING, Status.SENT, Status.EXECUTING])

    def needing_a_step(self, now: datetime) -> DeviceCommandQuerySet:
        return self.filter(next_step_at__lte=now)


class DeviceCommand(Ordered):
    """Something that a device is to do. It fetches it (``devices.commands.statements``) and says how it went."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    device = TenantForeignKey(Device, related_name="commands")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING, editable=False)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    # From when on the device gets it; of a later attempt, when that begins.
    due_at = models.DateTimeField(editable=False)
    # Until when this attempt may be fetched, and once it is fetched, done.
    expires_at = models.DateTimeField(editable=False)
    # Fetched, and nothing was heard: from then on it is offered again.
    offer_again_at = models.DateTimeField(null=True, editable=False)
    # When the sweep has to look at it: it becomes due, expires, or is tried again; None where nothing can follow.
    next_step_at = models.DateTimeField(null=True, editable=False)
    attempt = models.PositiveSmallIntegerField(default=0, editable=False, help_text="0 is the first")
    deliveries = models.PositiveIntegerField(default=0, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    executing_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    result = models.JSONField(null=True, editable=False)
    error = models.CharField(max_length=1_000, blank=True, db_default="", editable=False)
    reason = models.CharField(
        max_length=200, blank=True, db_default="", editable=False, help_text="why it was taken back"
    )
    requested_by = models.CharField(max_length=150, blank=True, editable=False, help_text="name of the person")

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(DeviceCommandQuerySet)

    class Meta(Ordered.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="devices_devicecommand_public_id"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "device", "-priority", "id"],
                condition=models.Q(status__in=[Status.PENDING, Status.SENT]),
                name="devices_command_waiting",
            ),
            models.Index(
                fields=["organization", "next_step_at"],
                condition=models.Q(next_step_at__isnull=False),
                name="devices_command_next_step",
            ),
            models.Index(fields=["organization", "device", "-id"], name="devices_command_of_device"),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} of {self.device_id}"


class CommandStep(TenantModel):
    """One line of a command's history: what it became, when and by whom."""

    id = models.BigAutoField(primary_key=True)
    command = TenantForeignKey(DeviceCommand, related_name="steps")
    at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status.choices)
    attempt = models.PositiveSmallIntegerField(default=0)
    by = models.CharField(max_length=150, help_text="name of the person, device or platform")
    note = models.CharField(max_length=1_000, blank=True, db_default="")

    class Meta(TenantModel.Meta):
        ordering = ["id"]
        indexes = [models.Index(fields=["organization", "command", "id"], name="devices_commandstep_of_command")]

    def __str__(self) -> str:
        return f"{self.status} at {self.at}"


class CommandTemplate(Ordered):
    """A command as the clinic sends it again and again."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    usage_count = models.PositiveIntegerField(default=0, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    is_audited = True

    class Meta(Ordered.Meta):
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="devices_commandtemplate_public_id"),
            models.UniqueConstraint(
                fields=["organization", "name"],
                name="devices_commandtemplate_name",
                violation_error_code="unique",
                violation_error_message="A template with this name exists already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
