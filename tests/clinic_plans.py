"""What a clinic pays and uses, for the isolation tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.models import BillingRecord, PaymentMethod, PlanRetention, ProviderEvent, Subscription, UsageDay

if TYPE_CHECKING:
    from tests.clinics import Clinic


def add_plan_rows(clinic: Clinic, *, canaries: tuple[str, str]) -> None:
    """Needs the clinic's scope. Such a clinic may have what it likes: ``unlimited``."""
    now, canary = datetime.now(UTC), canaries[0]
    subscription = Subscription.objects.create(
        plan="unlimited", amount=Decimal(49), starts_at=now, customer=f"cus_{canary}", reference=f"sub_{canary}"
    )
    BillingRecord.objects.create(
        subscription=subscription,
        number=f"2026-{canary}"[:64],
        amount=Decimal(49),
        currency="EUR",
        description=f"A month {canary}",
        issued_at=now,
        due_at=now + timedelta(days=14),
    )
    PaymentMethod.objects.create(
        reference=f"pm_{canary}", brand=f"card {canary}"[:30], last4="4242", expires_month=4, expires_year=2031
    )
    ProviderEvent.objects.create(event=f"evt_{canary}", kind="invoice.paid")
    counts = {"devices": 2, "members": 5, "patients": 2, "readings": 40, "api_requests": 7, "storage_bytes": 8_000}
    UsageDay.objects.create(day=now.date(), counted_at=now, **counts)
    PlanRetention.objects.create(days=3_650, acts_at=now + timedelta(days=14))
