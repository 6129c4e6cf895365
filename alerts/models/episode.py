"""What a rule found in a patient, from its first sign to its end, and what people did about it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.models import Membership
from patients.models import Patient
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class Severity(models.TextChoices):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class EpisodeQuerySet(TenantQuerySet["Episode"]):
    def due_to_tell_again(self, now: datetime) -> EpisodeQuerySet:
        """The next level is to be told, or everybody once more."""
        return self.filter(models.Q(next_escalation_at__lte=now) | models.Q(next_repeat_at__lte=now))

    def open(self) -> EpisodeQuerySet:
        """Confirmed or not, until it ended."""
        return self.filter(state__in=OPEN_STATES)

    def alarming(self) -> EpisodeQuerySet:
        """What somebody should look at: confirmed and not ended."""
        return self.filter(state__in=[Episode.State.ACTIVE, Episode.State.EASING])

    def confirmed(self) -> EpisodeQuerySet:
        """Alarms of now and of before; what was dismissed before it was an alarm is not one."""
        return self.filter(confirmed_at__isnull=False)

    def unacknowledged(self) -> EpisodeQuerySet:
        """Alarms that nobody has said they look after."""
        return self.confirmed().filter(acknowledged_at__isnull=True)

    def of_patient(self, patient: Patient) -> EpisodeQuerySet:
        return self.filter(patient_id=patient.pk)

    def between(self, since: datetime | None, until: datetime | None) -> EpisodeQuerySet:
        """Opened from ``since`` on, before ``until``; None is no limit on that side."""
        episodes = self if since is None else self.filter(opened_at__gte=since)
        return episodes if until is None else episodes.filter(opened_at__lt=until)

    def newest_first(self) -> EpisodeQuerySet:
        return self.order_by("-opened_at", "-id")


class Episode(TenantModel):
    """One open at most for each rule and patient; the database holds that line.

    ``opened_at``, ``confirmed_at``, ``eased_at`` and ``ended_at`` are times of the readings that caused them;
    ``found_at`` is when the evaluator saw the alarm, and ``is_late`` says that this was more than five minutes later.
    Of a rule about other measurements than glucose, ``metric`` and ``value`` say what opened it. ``kind`` emergency: a
    person called for help; no rule ends that. Rules change: ``rule`` keeps what the rule said (its plan as JSON),
    ``rule_name`` what it was called.
    """

    class Kind(models.TextChoices):
        RULE = "rule"
        EMERGENCY = "emergency", "emergency button"

    class State(models.TextChoices):
        CONFIRMING = "confirming"
        ACTIVE = "active"
        EASING = "hysteresis"
        RESOLVED = "resolved"
        DISMISSED = "dismissed"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = TenantForeignKey(Patient, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind.choices, default=Kind.RULE, db_default=Kind.RULE.value)
    rule_code = models.CharField(max_length=50)
    rule_name = models.CharField(max_length=150)
    rule = models.JSONField()
    severity = models.CharField(max_length=8, choices=Severity.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    opened_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    eased_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField(null=True)
    is_late = models.BooleanField(default=False)
    # Codes of alerts.engine.doubts: what made the alarm less certain when it began.
    doubts: Any = ArrayField(models.CharField(max_length=30), default=list, db_default=[], editable=False)
    glucose = models.SmallIntegerField(null=True, help_text="mg/dL, of the reading that opened it")
    worst_glucose = models.SmallIntegerField(null=True, help_text="mg/dL")
    metric = models.CharField(max_length=30, blank=True, default="", db_default="")
    value = models.FloatField(null=True, help_text="in the metric's unit")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = TenantForeignKey(Membership, null=True, related_name="+")
    assigned_to = TenantForeignKey(Membership, null=True, related_name="+")
    # Of the deliveries: who is told next, and when everybody so far is told again.
    escalation_level = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    next_escalation_at = models.DateTimeField(null=True, editable=False)
    repeats = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    next_repeat_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = TenantManager.of(EpisodeQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="alerts_episode_public_id"),
            models.UniqueConstraint(
                fields=["organization", "patient", "rule_code"],
                condition=models.Q(state__in=["confirming", "active", "hysteresis"]),
                name="alerts_episode_one_open",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "patient", "-opened_at"], name="alerts_episode_timeline"),
            models.Index(fields=["organization", "-opened_at"], name="alerts_episode_newest"),
            models.Index(
                fields=["organization", "next_escalation_at"],
                condition=models.Q(next_escalation_at__isnull=False),
                name="alerts_episode_escalates",
            ),
            models.Index(
                fields=["organization", "next_repeat_at"],
                condition=models.Q(next_repeat_at__isnull=False),
                name="alerts_episode_repeats",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


OPEN_STATES = (Episode.State.CONFIRMING, Episode.State.ACTIVE, Episode.State.EASING)


class EpisodeEvent(TenantModel):
    """A step of an episode, by a rule or by a person. Rows are added and never changed.

    ``at``: of the reading or of the person's act; ``recorded_at``: when it was written.
    """

    class Kind(models.TextChoices):
        OPENED = "opened"
        CONFIRMED = "confirmed"
        DISMISSED = "dismissed"
        EASED = "eased"
        RETURNED = "returned"
        RESOLVED = "resolved"
        ACKNOWLEDGED = "acknowledged"
        SNOOZED = "snoozed"
        ASSIGNED = "assigned"
        COMMENTED = "commented"
        REVIEWED = "reviewed"
        ESCALATED = "escalated"
        CALLED_AGAIN = "called_again"

    id = models.BigAutoField(primary_key=True)
    episode = TenantForeignKey(Episode, related_name="events")
    patient = TenantForeignKey(Patient, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    glucose = models.SmallIntegerField(null=True, help_text="mg/dL")
    # "rule" and its code, or the kind of actor of the audit ledger, its id and name at the time.
    actor_kind = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=150)
    detail = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        ordering = ["id"]
        indexes = [models.Index(fields=["organization", "episode", "id"], name="alerts_event_of_episode")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M}"


class Snooze(TenantModel):
    """One person hears nothing of an episode until then. Others do: nobody is silenced by somebody else."""

    id = models.BigAutoField(primary_key=True)
    episode = TenantForeignKey(Episode, related_name="snoozes")
    patient = TenantForeignKey(Patient, related_name="+")
    member = TenantForeignKey(Membership, related_name="+")
    until = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "episode", "member"], name="alerts_snooze_once")]

    def __str__(self) -> str:
        return f"until {self.until:%Y-%m-%d %H:%M}"
