"""What devices tell of themselves, and what they are told to do."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from devices.models import Device
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel

_PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class DeviceState(TenantModel):
    """The newest heartbeat of a device: one row, written over with each, by the data plane only.

    No index on columns that change with every heartbeat, so that updates stay within their page. ``logged`` counts the
    log entries of the device that ever came. ``settings_version``: of the settings that it last said it works with.
    """

    pk = models.CompositePrimaryKey("organization_id", "device_id")
    device = TenantForeignKey(Device, related_name="states")
    heard_at = models.DateTimeField(null=True)
    sampled_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=16, db_default="", default="")
    firmware_version = models.CharField(max_length=20, db_default="", default="")
    battery_level = models.SmallIntegerField(null=True)
    signal_strength = models.SmallIntegerField(null=True, help_text="dBm")
    uptime = models.BigIntegerField(null=True, help_text="seconds")
    temperature = models.FloatField(null=True, help_text="°C, of the device")
    memory_usage = models.FloatField(null=True, help_text="percent")
    cpu_usage = models.FloatField(null=True, help_text="percent")
    clock_skew = models.IntegerField(null=True, help_text="seconds by which its clock is ahead of ours")
    settings_version = models.PositiveIntegerField(null=True)
    logged = models.BigIntegerField(db_default=0, default=0)

    objects: ClassVar[Any] = TenantManager.of(TenantQuerySet)

    def __str__(self) -> str:
        return f"state of device {self.device_id}"


class HeartbeatSample(TenantModel):
    """At most one heartbeat of each quarter of an hour is kept beyond the next: the history that charts show.

    Partitioned by month; rows are written by the data plane only.
    """

    pk = models.CompositePrimaryKey("organization_id", "device_id", "sampled_at")
    device = TenantForeignKey(Device, related_name="+")
    sampled_at = models.DateTimeField()
    battery_level = models.SmallIntegerField(null=True)
    signal_strength = models.SmallIntegerField(null=True)
    temperature = models.FloatField(null=True)
    memory_usage = models.FloatField(null=True)
    cpu_usage = models.FloatField(null=True)

    objects: ClassVar[Any] = TenantManager.of(TenantQuerySet)

    def __str__(self) -> str:
        return f"{self.sampled_at:%Y-%m-%d %H:%M} device {self.device_id}"


class LogLevel(models.IntegerChoices):
    DEBUG = 1, "debug"
    INFO = 2, "info"
    WARNING = 3, "warning"
    ERROR = 4, "error"
    CRITICAL = 5, "critical"


class DeviceLog(TenantModel):
    """An entry of a device's own log. Its text is the device's: never in our own logs, and escaped where it is shown.

    ``number`` counts the entries of the device as they came; ``logged_at`` is what its clock said. Partitioned by
    month; rows are written by the data plane only.
    """

    pk = models.CompositePrimaryKey("organization_id", "device_id", "number", "received_at")
    device = TenantForeignKey(Device, related_name="+")
    number = models.BigIntegerField()
    received_at = models.DateTimeField()
    logged_at = models.DateTimeField()
    level = models.SmallIntegerField(choices=LogLevel.choices)
    message = models.TextField()
    context = models.JSONField(null=True)

    objects: ClassVar[Any] = TenantManager.of(TenantQuerySet)

    def __str__(self) -> str:
        return f"entry {self.number} of device {self.device_id}"


class BatteryHealth(models.TextChoices):
    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


class Battery(TenantModel):
    """What is known of a device's battery beyond its level of the moment."""

    id = models.BigAutoField(primary_key=True)
    device = TenantForeignKey(Device, related_name="+")
    level = models.PositiveSmallIntegerField(null=True, blank=True, validators=_PERCENT)
    hours_left = models.PositiveIntegerField(null=True, blank=True, validators=[MaxValueValidator(87_600)])
    charge_cycles = models.PositiveIntegerField(default=0, validators=[MaxValueValidator(1_000_000)])
    health = models.CharField(max_length=9, choices=BatteryHealth.choices, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[Any] = TenantManager.of(TenantQuerySet)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "batteries"
        constraints = [models.UniqueConstraint(fields=["organization", "device"], name="devices_battery_device")]

    def __str__(self) -> str:
        return f"battery of device {self.device_id}"


class Calibration(TenantModel):
    """The offsets that a device's sensors were given. Rows are only added: the newest holds."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    device = TenantForeignKey(Device, related_name="+")
    red_offset = models.DecimalField(max_digits=6, decimal_places=3)
    infrared_offset = models.DecimalField(max_digits=6, decimal_places=3)
    green_offset = models.DecimalField(max_digits=6, decimal_places=3)
    temperature_offset = models.DecimalField(max_digits=6, decimal_places=3)
    calibrated_at = models.DateTimeField()
    made_by = models.CharField(max_length=150, help_text="the person, or the device itself")
    created_at = models.DateTimeField(db_default=Now())

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(TenantQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-calibrated_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["organization", "public_id"], name="devices_calibration_public")]
        indexes = [models.Index(fields=["organization", "device", "calibrated_at"], name="devices_calibration_device")]

    def __str__(self) -> str:
        return f"calibration of device {self.device_id}"


class DeviceSettings(TenantModel):
    """How a device should work, beside its reading interval. Without a row, as the defaults say.

    The device's ``settings_version`` rises with each change; a heartbeat is answered with the settings until the
    device says that it works with this version.
    """

    class SkinTone(models.TextChoices):
        LIGHT = "light"
        MEDIUM = "medium"
        DARK = "dark"

    class MotionSensitivity(models.TextChoices):
        LOW = "low"
        NORMAL = "normal"
        HIGH = "high"

    class SamplingRate(models.TextChoices):
        STANDARD = "standard"
        HIGH_FREQUENCY = "high_frequency"
        POWER_SAVE = "power_save"

    id = models.BigAutoField(primary_key=True)
    device = TenantForeignKey(Device, related_name="+")
    skin_tone_compensation = models.CharField(max_length=6, choices=SkinTone.choices, blank=True)
    motion_sensitivity = models.CharField(
        max_length=6, choices=MotionSensitivity.choices, default=MotionSensitivity.NORMAL
    )
    sampling_rate = models.CharField(max_length=14, choices=SamplingRate.choices, default=SamplingRate.STANDARD)
    # What the device itself warns its wearer of; the clinic's alarm rules know nothing of it.
    alert_low = models.PositiveSmallIntegerField(
        "low alert (mg/dL)", null=True, blank=True, validators=[MinValueValidator(40), MaxValueValidator(100)]
    )
    alert_high = models.PositiveSmallIntegerField(
        "high alert (mg/dL)", null=True, blank=True, validators=[MinValueValidator(150), MaxValueValidator(400)]
    )
    updated_at = models.DateTimeField(auto_now=True)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(TenantQuerySet)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "device settings"
        constraints = [models.UniqueConstraint(fields=["organization", "device"], name="devices_settings_device")]

    def __str__(self) -> str:
        return f"settings of device {self.device_id}"
