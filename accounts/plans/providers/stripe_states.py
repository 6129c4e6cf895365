"""Stripe's subscriptions, invoices and cards in our words. Reads plain values; asks nobody and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.plans.models import BillingRecord, Period
from accounts.plans.standing import Status

# Smallest units are the currency's own: a yen has no parts.
WITHOUT_PARTS = frozenset({"JPY"})
STATUSES = {
    "active": Status.ACTIVE,
    "trialing": Status.TRIAL,
    "past_due": Status.PAST_DUE,
    "unpaid": Status.UNPAID,
    "paused": Status.UNPAID,
    "canceled": Status.CANCELLED,
}
PERIODS = {("month", 1): Period.MONTHLY, ("month", 3): Period.QUARTERLY, ("year", 1): Period.YEARLY}
INVOICE_STATUSES = {
    "open": BillingRecord.Status.PENDING,
    "paid": BillingRecord.Status.PAID,
    "void": BillingRecord.Status.CANCELLED,
    "uncollectible": BillingRecord.Status.FAILED,
}


def amount_of(smallest_units: int, currency: str) -> Decimal:
    return Decimal(smallest_units) if currency in WITHOUT_PARTS else Decimal(smallest_units).scaleb(-2)


def subscription_state(found: Mapping[str, Any], plans: Mapping[str, str]) -> dict[str, Any] | None:
    """Fields of Subscription; ``plan`` only where the price is a known one. None for one that never began."""
    if (status := STATUSES.get(found["status"])) is None:
        return None
    item = found["items"]["data"][0]
    price, currency = item["price"], item["price"]["currency"].upper()
    recurring = price["recurring"]
    starts_at = _instant(found["start_date"])
    # Earlier versions of Stripe's API name the period on the subscription itself.
    ends_at = _instant(item.get("current_period_end") or found.get("current_period_end"))
    if status == Status.CANCELLED:
        ends_at = _instant(found.get("ended_at") or found.get("canceled_at"))
    elif found.get("cancel_at_period_end") and status == Status.ACTIVE:
        status = Status.CANCELLED
    state = {
        "status": status.value,
        "period": PERIODS.get((recurring["interval"], recurring["interval_count"]), Period.CUSTOM).value,
        "amount": amount_of(price["unit_amount"] * item.get("quantity", 1), currency),
        "currency": currency,
        "starts_at": starts_at,
        "ends_at": max(ends_at, starts_at + timedelta(seconds=1)) if ends_at and starts_at else ends_at,
        "trial_ends_at": _instant(found.get("trial_end")),
        "auto_renew": status != Status.CANCELLED and not found.get("cancel_at_period_end"),
        "provider": "stripe",
        "reference": found["id"],
    }
    return {**state, "plan": plans[price["id"]]} if price["id"] in plans else state


def invoice_state(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Fields of BillingRecord; None for a draft, and for one of nothing, as a trial begins with."""
    status = INVOICE_STATUSES.get(found["status"])
    if status is None or found["total"] <= 0:
        return None
    currency = found["currency"].upper()
    if status == BillingRecord.Status.PENDING and found.get("attempt_count", 0) > 0:
        status = BillingRecord.Status.FAILED
    is_paid = status == BillingRecord.Status.PAID
    issued_at = _instant(found["created"])
    return {
        "number": found.get("number") or found["id"],
        "amount": amount_of(found["total"], currency),
        "currency": currency,
        "status": status.value,
        "issued_at": issued_at,
        "due_at": _instant(found.get("due_date")) or issued_at,
        "paid_amount": amount_of(found["amount_paid"], currency) if is_paid else None,
        "paid_at": _instant((found.get("status_transitions") or {}).get("paid_at")) if is_paid else None,
        "method": BillingRecord.Method.STRIPE.value,
        "transaction_id": found["id"],
    }


def card_state(found: Mapping[str, Any], default: str | None) -> dict[str, Any]:
    card = found["card"]
    return {
        "brand": card["brand"],
        "last4": card["last4"],
        "expires_month": card["exp_month"],
        "expires_year": card["exp_year"],
        "is_default": found["id"] == default,
    }


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
