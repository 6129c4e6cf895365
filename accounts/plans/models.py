from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from accounts.plans.catalogue import CHOICES
from tenancy.fields import TenantForeignKey
from tenancy.managers import TenantManager, TenantQuerySet
from tenancy.models import TenantModel

MOST_A_PERIOD, MOST_AN_INVOICE = Decimal(10_000), Decimal(1_000_000)


class Currency(models.TextChoices):
    USD = "USD", "USD"
    EUR = "EUR", "EUR"
    GBP = "GBP", "GBP"
    CAD = "CAD", "CAD"
    AUD = "AUD", "AUD"
    JPY = "JPY", "JPY"
    CHF = "CHF", "CHF"


class Period(models.TextChoices):
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    CUSTOM = "custom"


class Subscription(TenantModel):
    """Which plan a clinic has. One without a row has the installation's usual plan (``DEFAULT_PLAN``)."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        CANCELLED = "cancelled"
        PAST_DUE = "past_due", "Past due"
        UNPAID = "unpaid"
        TRIAL = "trial"
        EXPIRED = "expired"

    id = models.BigAutoField(primary_key=True)
    plan = models.CharField(max_length=20, choices=CHOICES)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    period = models.CharField(max_length=10, choices=Period.choices, default=Period.MONTHLY)
    amount = models.DecimalField(
        max_digits=7,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(MOST_A_PERIOD)],
        help_text="for each period",
    )
    currency = models.CharField(max_length=3, choices=Currency.choices, default=Currency.EUR)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True, help_text="of the period that is paid; empty: open")
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    auto_renew = models.BooleanField(default=True)
    grace_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="until then everything goes on, whatever is owed or was larger before"
    )
    former_plan = models.CharField(
        max_length=20, choices=CHOICES, blank=True, help_text="the larger one, whose limits hold until the grace ends"
    )
    provider = models.CharField(max_length=10, default="none")
    # The provider's names of the clinic and of what it subscribed to.
    customer = models.CharField(max_length=255, blank=True, db_default="")
    reference = models.CharField(max_length=255, blank=True, db_default="")
    updated_at = models.DateTimeField(auto_now=True)

    is_audited = True

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization"], name="accounts_subscription_one"),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0, amount__lte=10_000), name="accounts_subscription_amount"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=models.F("starts_at")),
                name="accounts_subscription_ends_later",
            ),
        ]
        indexes = [
            # An event of the provider names its customer only.
            models.Index(fields=["customer"], condition=~models.Q(customer=""), name="accounts_subscription_customer"),
        ]

    def __str__(self) -> str:
        return self.plan


class BillingRecordQuerySet(TenantQuerySet["BillingRecord"]):
    def open(self) -> BillingRecordQuerySet:
        return self.filter(status__in=[BillingRecord.Status.PENDING, BillingRecord.Status.FAILED])

    def overdue(self, now: datetime) -> BillingRecordQuerySet:
        return self.open().filter(due_at__lt=now)


class BillingRecord(TenantModel):
    """An invoice, and whether it was paid."""

    class Status(models.TextChoices):
        PENDING = "pending"
        PAID = "paid"
        FAILED = "failed"
        CANCELLED = "cancelled"
        REFUNDED = "refunded"
        DISPUTED = "disputed"

    class Method(models.TextChoices):
        CREDIT_CARD = "credit_card"
        DEBIT_CARD = "debit_card"
        BANK_TRANSFER = "bank_transfer"
        PAYPAL = "paypal"
        STRIPE = "stripe"
        INVOICE = "invoice"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    subscription = TenantForeignKey(Subscription, related_name="+")
    number = models.CharField("invoice number", max_length=64)
    amount = models.DecimalField(
        max_digits=9,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(MOST_AN_INVOICE)],
    )
    currency = models.CharField(max_length=3, choices=Currency.choices)
    description = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    issued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    paid_amount = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    method = models.CharField(max_length=20, choices=Method.choices, default=Method.INVOICE)
    transaction_id = models.CharField(max_length=255, blank=True, db_default="")
    notes = models.CharField(max_length=500, blank=True, db_default="")

    is_audited = True
    objects: ClassVar[Any] = TenantManager.of(BillingRecordQuerySet)

    class Meta(TenantModel.Meta):
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="accounts_billingrecord_public_id"),
            models.UniqueConstraint(
                fields=["organization", "number"],
                name="accounts_billingrecord_number",
                violation_error_code="unique",
                violation_error_message="There is an invoice with this number already.",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, amount__lte=1_000_000), name="accounts_billingrecord_amount"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class PaymentMethod(TenantModel):
    """A card as its owner recognises it. Its number never comes here."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=255, help_text="the provider's name of it")
    brand = models.CharField(max_length=30)
    last4 = models.CharField(max_length=4, validators=[RegexValidator(r"^[0-9]{4}\Z", "Four digits.")])
    expires_month = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(12)])
    expires_year = models.PositiveSmallIntegerField(validators=[MinValueValidator(2024), MaxValueValidator(2100)])
    is_default = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    is_audited = True

    class Meta(TenantModel.Meta):
        ordering = ["-is_default", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="accounts_paymentmethod_public_id"),
            models.UniqueConstraint(fields=["organization", "reference"], name="accounts_paymentmethod_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.brand} {self.last4}"


class ProviderEvent(TenantModel):
    """An event of the payment provider that was worked on: each one once, however often it is delivered."""

    id = models.BigAutoField(primary_key=True)
    event = models.CharField(max_length=255)
    kind = models.CharField(max_length=100)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "event"], name="accounts_providerevent_once")]

    def __str__(self) -> str:
        return self.event


class UsageDay(TenantModel):
    """What a clinic used on a day of UTC. ``devices``, ``members`` and ``patients``: when it was counted."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    devices = models.PositiveIntegerField()
    members = models.PositiveIntegerField()
    patients = models.PositiveIntegerField()
    readings = models.PositiveBigIntegerField(help_text="of patients' days with this date")
    api_requests = models.PositiveBigIntegerField()
    storage_bytes = models.PositiveBigIntegerField(help_text="an estimate, from the number of readings kept")
    counted_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["organization", "day"], name="accounts_usageday_day")]

    def __str__(self) -> str:
        return self.day.isoformat()


class PlanRetention(TenantModel):
    """That a plan keeps readings for so many days only. The clinic was told, and from ``acts_at`` on it is done."""

    id = models.BigAutoField(primary_key=True)
    days = models.PositiveIntegerField()
    acts_at = models.DateTimeField()

    is_audited = True

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization"], name="accounts_planretention_one")]

    def __str__(self) -> str:
        return f"{self.days} days"
