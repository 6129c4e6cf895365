"""How far each kind of record was read. A cursor is a window that was read whole, never the newest record's time."""

from __future__ import annotations

from django.db import models

from dexcom_sync.models.connection import Connection
from patients.models import Patient
from tenancy.fields import TenantForeignKey
from tenancy.models import TenantModel


class Resource(models.TextChoices):
    EGVS = "egvs", "Glucose values"
    EVENTS = "events", "Events"
    CALIBRATIONS = "calibrations", "Calibrations"
    ALERTS = "alerts", "Alerts"
    DEVICES = "devices", "Devices"


class Progress(TenantModel):
    """``synced_through``: everything that could be seen up to there when it was asked for was read; never after now.

    ``range_start``, ``range_end``: what dataRange told last. ``backfill_floor``: how far the past is wanted;
    ``backfilled_to``: how far it was read, newest first; the two are equal when it is whole. ``hot_at``, ``daily_at``,
    ``weekly_at``: when each pass was last finished.
    """

    id = models.BigAutoField(primary_key=True)
    connection = TenantForeignKey(Connection, related_name="progress")
    patient = TenantForeignKey(Patient, related_name="+")
    resource = models.CharField(max_length=12, choices=Resource.choices)
    synced_through = models.DateTimeField(null=True)
    range_start = models.DateTimeField(null=True)
    range_end = models.DateTimeField(null=True)
    backfill_floor = models.DateTimeField(null=True)
    backfilled_to = models.DateTimeField(null=True)
    hot_at = models.DateTimeField(null=True)
    daily_at = models.DateTimeField(null=True)
    weekly_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=40, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["id"]
        verbose_name_plural = "progress"
        constraints = [
            models.UniqueConstraint(fields=["organization", "connection", "resource"], name="dexcom_progress_once")
        ]

    def __str__(self) -> str:
        return self.resource
