"""Who is told of an alarm, by what, and what came of it."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Now

from accounts.models import Membership
from alerts.models.episode import Episode, Severity
from alerts.models.rules import RuleGroup
from patients.models import Patient
from tenancy.encryption.fields import SealedTextField
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel

LAST_LEVEL = 3


class ChannelQuerySet(TenantQuerySet["Channel"]):
    def standing(self) -> ChannelQuerySet:
        return self.filter(removed_at__isnull=True)

    def dead(self) -> ChannelQuerySet:
        """Switched on, and failing."""
        return self.standing().filter(is_on=True, failing_since__isnull=False)


class Channel(TenantModel):
    """A way out of the platform that a clinic set up. E-mail to members needs none.

    ``failures``: tries in a row that failed; with the third the channel is failing, until one comes through.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Signed webhook"
        SLACK = "slack", "Slack"
        TEAMS = "teams", "Microsoft Teams"
        PAGERDUTY = "pagerduty", "PagerDuty"
        SMS = "sms", "SMS through Twilio"
        PUSH = "push", "Push through Firebase"

    class Health(models.TextChoices):
        OFF = "off", "Switched off"
        UNTRIED = "untried", "Not tried yet"
        WORKS = "works", "Works"
        TROUBLED = "troubled", "Failed last"
        DEAD = "dead", "Dead"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=100)
    # JSON, text by name; what a kind needs is declared in alerts/deliveries/channels.
    settings = SealedTextField(max_length=10_000)
    is_on = models.BooleanField(default=True)
    failures = models.PositiveIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    last_result = models.CharField(max_length=200, blank=True, editable=False)
    last_sent_at = models.DateTimeField(null=True, editable=False)
    # Its messages stay, and say by what they went. The settings are gone.
    removed_at = models.DateTimeField(null=True, editable=False)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(ChannelQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="alerts_channel_public_id"),
            models.UniqueConstraint(
                fields=["organization", "name"],
                condition=models.Q(removed_at__isnull=True),
                name="alerts_channel_name",
                violation_error_code="unique",
                violation_error_message="There is a channel of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def health(self) -> Health:
        """In one word, for whoever looks whether it would work."""
        if not self.is_on:
            return self.Health.OFF
        if self.failing_since is not None:
            return self.Health.DEAD
        if self.failures:
            return self.Health.TROUBLED
        return self.Health.WORKS if self.last_sent_at else self.Health.UNTRIED

    @property
    def opened_settings(self) -> dict[str, str]:
        """Secrets among them: for sending only."""
        return dict(json.loads(self.settings))


class ContactQuerySet(TenantQuerySet["Contact"]):
    def for_group(self, group_id: int | None) -> ContactQuerySet:
        """Of a group of patients; None: of the clinic."""
        return self.filter(group_id=group_id)


class Contact(TenantModel):
    """Who is told at which level: 0 at once, the next ones while nobody has acknowledged.

    A member alone gets e-mail; a channel alone goes where its settings say; both: the channel, to that member.
    Those of a group stand in the place of the clinic's at their level, for its patients.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    position = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(LAST_LEVEL)])
    member = TenantForeignKey(Membership, null=True, blank=True, related_name="+")
    channel = TenantForeignKey(Channel, null=True, blank=True, related_name="+")
    group = TenantForeignKey(RuleGroup, null=True, blank=True, related_name="+")
    minimum_severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.LOW)

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(ContactQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="alerts_contact_public_id"),
            models.UniqueConstraint(
                fields=["organization", "position", "member", "channel", "group"],
                nulls_distinct=False,
                name="alerts_contact_once",
                violation_error_code="unique",
                violation_error_message="This contact stands at this level already.",
            ),
            models.CheckConstraint(
                condition=models.Q(member__isnull=False) | models.Q(channel__isnull=False),
                name="alerts_contact_somebody",
                violation_error_message="Name a member, a channel, or both.",
            ),
            models.CheckConstraint(condition=models.Q(position__lte=LAST_LEVEL), name="alerts_contact_level"),
        ]

    def __str__(self) -> str:
        return f"level {self.position}"


class DeliveryQuerySet(TenantQuerySet["Delivery"]):
    def due(self, now: datetime) -> DeliveryQuerySet:
        """To be sent by now, and what a worker took and did not finish."""
        waiting = models.Q(state__in=[Delivery.State.PENDING, Delivery.State.HELD], next_attempt_at__lte=now)
        return self.filter(waiting | models.Q(state=Delivery.State.SENDING, claimed_until__lte=now))

    def between(self, since: datetime | None, until: datetime | None) -> DeliveryQuerySet:
        """Decided at ``since`` or later, and before ``until``; None is no limit on that side."""
        found = self if since is None else self.filter(created_at__gte=since)
        return found if until is None else found.filter(created_at__lt=until)

    def of_episode(self, episode: Episode) -> DeliveryQuerySet:
        return self.filter(episode_id=episode.pk)

    def not_taken(self) -> DeliveryQuerySet:
        """Refused for good, or given up."""
        return self.filter(state__in=[Delivery.State.FAILED, Delivery.State.GIVEN_UP])

    def not_sent_yet(self) -> DeliveryQuerySet:
        return self.filter(state__in=[Delivery.State.PENDING, Delivery.State.HELD, Delivery.State.SENDING])


class Delivery(TenantModel):
    """A message to one recipient, from when it was decided to what came of it. Its ``text`` is made when it is sent.

    ``recipient``: the address of an e-mail, otherwise the channel's id, with the member's where it goes to a member.
    ``round``: which repeat it is. ``result`` says how it went, without a word of the patient. A row that waits without
    ``next_attempt_at`` is held for good: the patient's alarms were switched to silent.
    """

    class Reason(models.TextChoices):
        OPENED = "opened"
        REPEATED = "repeated"
        ESCALATED = "escalated"
        TEST = "test"

    class State(models.TextChoices):
        PENDING = "pending"
        HELD = "held"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed", "refused for good"
        GIVEN_UP = "given_up", "given up"
        SKIPPED = "skipped", "no longer needed"

    id = models.BigAutoField(primary_key=True)
    episode = TenantForeignKey(Episode, null=True, related_name="deliveries")
    patient = TenantForeignKey(Patient, null=True, related_name="+")
    channel = TenantForeignKey(Channel, null=True, related_name="+")
    member = TenantForeignKey(Membership, null=True, related_name="+")
    recipient = models.CharField(max_length=254)
    reason = models.CharField(max_length=9, choices=Reason.choices)
    level = models.PositiveSmallIntegerField(default=0)
    round = models.PositiveIntegerField(default=0)
    # The receiver tells by it a message that came twice.
    idempotency_key = models.UUIDField(default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    result = models.CharField(max_length=200, blank=True)
    # As it was handed over last: it is made anew for each try.
    text = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = TenantManager.of(DeliveryQuerySet)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "idempotency_key"], name="alerts_delivery_key"),
            models.UniqueConstraint(
                fields=["organization", "episode", "reason", "level", "round", "recipient"],
                name="alerts_delivery_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "next_attempt_at"],
                condition=models.Q(state__in=["pending", "held", "sending"]),
                name="alerts_delivery_waiting",
            ),
            models.Index(fields=["organization", "channel", "-id"], name="alerts_delivery_of_channel"),
            models.Index(fields=["organization", "patient", "-created_at"], name="alerts_delivery_of_patient"),
            models.Index(fields=["organization", "-created_at"], name="alerts_delivery_newest"),
            models.Index(
                fields=["organization", "-created_at"],
                condition=models.Q(state__in=["failed", "given_up"]),
                name="alerts_delivery_not_taken",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.state}"

    @property
    def public_id(self) -> uuid.UUID:
        return self.idempotency_key

    @property
    def can_be_sent_again(self) -> bool:
        return self.state in (self.State.FAILED, self.State.GIVEN_UP) and self.reason != self.Reason.TEST
