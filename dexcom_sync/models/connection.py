"""A patient's consent with Dexcom: whose account it is, how it stands, and the tokens that open it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models import Membership
from devices.models import Device
from patients.models import Consent, Patient
from tenancy.encryption.fields import SealedTextField
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel


class Region(models.TextChoices):
    """An account lives in one region, and only that region's page signs it in."""

    SANDBOX = "sandbox", "Sandbox (simulated people)"
    US = "us", "United States"
    EU = "eu", "Europe and elsewhere"
    JP = "jp", "Japan"


class ConnectionQuerySet(TenantQuerySet["Connection"]):
    def standing(self) -> ConnectionQuerySet:
        """All but those that were withdrawn."""
        return self.exclude(status=Connection.Status.REVOKED)

    def of_patient(self, patient: Patient) -> ConnectionQuerySet:
        return self.filter(patient_id=patient.pk)

    def due(self, now: datetime) -> ConnectionQuerySet:
        """To be looked at by now, and in no worker's hands."""
        free = models.Q(claimed_until__isnull=True) | models.Q(claimed_until__lte=now)
        return self.filter(free, status__in=Connection.POLLED, next_due_at__lte=now)

    def to_backfill(self, now: datetime) -> ConnectionQuerySet:
        """Whose past is not read yet, and is in no worker's hands. Whose account is not known, waits for that."""
        free = models.Q(backfill_claimed_until__isnull=True) | models.Q(backfill_claimed_until__lte=now)
        return self.filter(free, status=Connection.Status.ACTIVE, is_backfilling=True).exclude(dexcom_user_id="")


class Connection(TenantModel):
    """``next_due_at``: when it is looked at again, for a sync or, under suspicion, for the next probe of its tokens.

    ``claimed_until``, ``claim``: the lease of the worker that has it in hand. ``last_error``: a code, put into words by
    the pages. ``data_through``: the newest reading by the device's clock. ``refusals``: answers in a row of the token
    address that nobody could read. ``history_since``: how far back the patient consented to; null: all there is.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting for the first answer"
        ACTIVE = "active", "Connected"
        PAUSED = "paused", "Paused"
        AUTH_SUSPECT = "auth_suspect", "Sign-in in doubt"
        REAUTH_REQUIRED = "reauth_required", "Has to be connected again"
        REVOKED = "revoked", "Withdrawn"
        QUARANTINED = "quarantined", "Stopped: another person's data"

    POLLED = (Status.ACTIVE, Status.AUTH_SUSPECT)

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = TenantForeignKey(Patient, related_name="dexcom_connections")
    region = models.CharField(max_length=7, choices=Region.choices)
    status = models.CharField(max_length=15, choices=Status.choices, default=Status.PENDING)
    # Theirs for this account and this application; known with the first answer, and compared with every one after it.
    dexcom_user_id = models.CharField(max_length=128, blank=True)
    # What its readings come from, in our terms: the phone, and the receiver where there is one.
    device = TenantForeignKey(Device, null=True, related_name="+")
    receiver = TenantForeignKey(Device, null=True, related_name="+")
    consent = TenantForeignKey(Consent, null=True, related_name="+")
    history_since = models.DateTimeField(null=True)
    authorized_at = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)
    data_through = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=40, blank=True)
    last_error_at = models.DateTimeField(null=True)
    next_due_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)
    # The past is read by workers of its own, with a lease of its own: the present does not wait for it.
    is_backfilling = models.BooleanField(default=False)
    backfill_claimed_until = models.DateTimeField(null=True)
    backfill_claim = models.UUIDField(null=True)
    suspect_since = models.DateTimeField(null=True)
    probes = models.PositiveSmallIntegerField(default=0)
    refusals = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[Any] = TenantManager.of(ConnectionQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="dexcom_connection_public_id"),
            models.UniqueConstraint(
                fields=["organization", "patient"],
                condition=~models.Q(status="revoked"),
                name="dexcom_connection_of_patient",
                violation_error_code="unique",
                violation_error_message="The patient is connected to Dexcom already.",
            ),
            # Many test patients share one account of the sandbox; elsewhere one account is one person.
            models.UniqueConstraint(
                fields=["organization", "region", "dexcom_user_id"],
                condition=~models.Q(status="revoked") & ~models.Q(region="sandbox") & ~models.Q(dexcom_user_id=""),
                name="dexcom_connection_of_account",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "next_due_at"],
                condition=models.Q(status__in=["active", "auth_suspect"]),
                name="dexcom_connection_due",
            ),
            models.Index(
                fields=["organization", "backfill_claimed_until"],
                condition=models.Q(status="active", is_backfilling=True),
                name="dexcom_connection_backfill",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_region_display()}: {self.get_status_display()}"


class Token(TenantModel):
    """The pair in force. A refresh token opens once: ``generation`` counts the pairs, and a new one is stored only over
    the one before it.

    ``intended_at``: set, and committed, before the old pair is spent; still set afterwards, the answer was lost.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    connection = TenantForeignKey(Connection, related_name="tokens")
    patient = TenantForeignKey(Patient, related_name="+")
    access = SealedTextField(patient="patient_id")
    refresh = SealedTextField(patient="patient_id")
    access_expires_at = models.DateTimeField()
    generation = models.PositiveIntegerField(default=1)
    refreshed_at = models.DateTimeField()
    intended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="dexcom_token_public_id"),
            models.UniqueConstraint(fields=["organization", "connection"], name="dexcom_token_of_connection"),
        ]

    def __str__(self) -> str:
        return f"generation {self.generation}"


class ConnectRequest(TenantModel):
    """Somebody was sent to Dexcom's page for a patient; what comes back is theirs only, once, and for ten minutes.

    ``state_digest``: of the state that Dexcom echoes. ``session_digest``: of the browser session it began in; empty for
    an app, which brings its Bearer token and the code itself. ``client_state``: the app's own, given back at the end.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    patient = TenantForeignKey(Patient, related_name="+")
    member = TenantForeignKey(Membership, related_name="+")
    region = models.CharField(max_length=7, choices=Region.choices)
    state_digest = models.BinaryField(max_length=32)
    session_digest = models.BinaryField(max_length=32, blank=True)
    client_state = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="dexcom_request_public_id"),
            models.UniqueConstraint(fields=["organization", "state_digest"], name="dexcom_request_state"),
        ]
        indexes = [models.Index(fields=["state_digest"], name="dexcom_request_by_state")]

    def __str__(self) -> str:
        return f"{self.region} at {self.created_at:%Y-%m-%d %H:%M}"
