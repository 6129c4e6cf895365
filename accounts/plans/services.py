"""The one door for changes to subscriptions, invoices and cards."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.organizations import current_organization
from accounts.plans.catalogue import PLANS, Plan
from accounts.plans.models import BillingRecord, Period, Subscription
from accounts.plans.standing import OWING, Status, grace, has_ended_at, usual_plan
from audit.changes import apply_changes, record_creation
from tenancy.models import Organization
from tenancy.scope import required_organization_id

USUAL_TERM = timedelta(days=14)


def locked_subscription() -> Subscription | None:
    """The clinic's, under its lock and the one that ``require_room`` takes: a plan does not change meanwhile."""
    Organization.objects.select_for_update(no_key=True).get(pk=required_organization_id())
    found: Subscription | None = Subscription.objects.select_for_update(no_key=True).first()
    return found


@transaction.atomic
def set_plan(*, plan: str, **fields: Any) -> Subscription:
    """Give the clinic in scope this plan, from now on. ``fields``: of Subscription; what is not named stays.

    A smaller plan than before leaves the limits as they were until the grace is over. Raises ValidationError.
    """
    if plan not in PLANS:
        raise ValidationError({"plan": f"{plan} is not a plan. Plans: {', '.join(PLANS)}."})
    current = locked_subscription()
    status = fields.pop("status", Status.ACTIVE)
    return save_state(current, {**fields, "plan": plan, "status": status})


def save_state(current: Subscription | None, state: dict[str, Any], *, now: datetime | None = None) -> Subscription:
    """``state`` with the grace that follows from it, under ``locked_subscription``. Returns the row as it is saved."""
    now = now or timezone.now()
    state = {**state, **_grace_of(current, state, now)}
    if current is None:
        made = Subscription(starts_at=state.pop("starts_at", now), **state)
        made.full_clean()
        made.save()
        record_creation(made, object_id=made.plan)
        return made
    changed = {name: value for name, value in state.items() if getattr(current, name) != value}
    if changed:
        apply_changes(current, changed, object_id=current.plan)
    return current


def _grace_of(current: Subscription | None, state: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Begins once, with the first unpaid invoice or the change to a smaller plan; ends early where all is well."""
    status = state.get("status", current.status if current else Status.ACTIVE)
    if status in (Status.CANCELLED, Status.EXPIRED):
        return {}  # What follows from an end is counted from the end: ``accounts.plans.standing``.
    before, plan = _plan_in_force(current, now), PLANS[state.get("plan") or current.plan]  # type: ignore[union-attr]
    running = current.grace_ends_at if current else None
    if status in OWING:
        owed_before = current is not None and current.status in OWING
        return {"grace_ends_at": running if owed_before else now + grace()}
    if plan.is_smaller_than(before):
        if current is not None and current.former_plan and running and running > now:
            # Smaller by two steps: the grace of the first goes on, with what held before it.
            return {}
        return {"grace_ends_at": now + grace(), "former_plan": before.code}
    still_smaller = (
        current is not None
        and current.former_plan
        and plan.code == current.plan
        and plan.is_smaller_than(PLANS[current.former_plan])
    )
    return {} if still_smaller else {"grace_ends_at": None, "former_plan": ""}


def _plan_in_force(current: Subscription | None, now: datetime) -> Plan:
    if current is None or has_ended_at(current, now) is not None:
        return usual_plan()
    return PLANS[current.plan]


@transaction.atomic
def cancel_subscription(*, now: datetime | None = None) -> Subscription:
    """Of a clinic that pays by invoice: not renewed at the end of its period; one without an end, ended now.

    Raises ValidationError where there is nothing to cancel.
    """
    now = now or timezone.now()
    current = locked_subscription()
    if current is None or current.status in (Status.CANCELLED, Status.EXPIRED):
        raise ValidationError("There is no subscription to cancel.")
    return save_state(
        current,
        {"status": Status.CANCELLED, "auto_renew": False, "ends_at": current.ends_at or now},
        now=now,
    )


@transaction.atomic
def make_invoice(
    *,
    amount: Decimal,
    currency: str | None = None,
    description: str = "",
    due_at: datetime | None = None,
    now: datetime | None = None,
    **fields: Any,
) -> BillingRecord:
    """``number`` is given by us where the caller has none. Raises ValidationError, also without a subscription."""
    now = now or timezone.now()
    subscription = locked_subscription()
    if subscription is None:
        raise ValidationError("The clinic has no subscription: give it a plan first.")
    record = BillingRecord(
        subscription=subscription,
        amount=amount,
        currency=currency or subscription.currency,
        description=description,
        issued_at=now,
        due_at=due_at or now + USUAL_TERM,
        **{"number": fields.pop("number", "") or next_number(now), **fields},
    )
    record.full_clean(exclude=["subscription"])
    record.save()
    record_creation(record, object_id=record.number)
    return record


def next_number(now: datetime) -> str:
    """Without a gap within the clinic and the year: the caller holds the subscription's lock."""
    stem = f"{current_organization().code.upper()}-{now.year}-"
    ours = BillingRecord.objects.filter(number__startswith=stem).values_list("number", flat=True)
    used = [int(rest) for number in ours if (rest := number.removeprefix(stem)).isdigit()]
    return f"{stem}{max(used, default=0) + 1:04}"


@transaction.atomic
def mark_paid(
    *,
    number: str,
    method: str = BillingRecord.Method.BANK_TRANSFER,
    transaction_id: str = "",
    at: datetime | None = None,
) -> BillingRecord:
    """Where none is overdue any more, a clinic that owed is active again. Raises ValidationError."""
    now = timezone.now()
    subscription = locked_subscription()
    record: BillingRecord | None = BillingRecord.objects.select_for_update(no_key=True).filter(number=number).first()
    if record is None or subscription is None:
        raise ValidationError(f"There is no invoice {number}.")
    if record.status not in (BillingRecord.Status.PENDING, BillingRecord.Status.FAILED):
        raise ValidationError(f"The invoice is {record.status} already.")
    paid = {
        "status": BillingRecord.Status.PAID,
        "paid_amount": record.amount,
        "paid_at": at or now,
        "method": method,
        "transaction_id": transaction_id,
    }
    apply_changes(record, paid, object_id=record.number, exclude=["subscription"])
    _settle(subscription, now)
    return record


def months_of(period: str) -> int | None:
    """None: of a length that nobody named, so it is not begun anew by itself."""
    return {Period.MONTHLY.value: 1, Period.QUARTERLY.value: 3, Period.YEARLY.value: 12}.get(period)


@transaction.atomic
def close_invoice(*, number: str, status: str, notes: str = "") -> BillingRecord:
    """Taken back, paid back or disputed; what of it is owed then is nobody's debt any more. Raises ValidationError."""
    subscription = locked_subscription()
    record: BillingRecord | None = BillingRecord.objects.select_for_update(no_key=True).filter(number=number).first()
    if record is None or subscription is None:
        raise ValidationError(f"There is no invoice {number}.")
    apply_changes(record, {"status": status, "notes": notes}, object_id=record.number, exclude=["subscription"])
    _settle(subscription, timezone.now())
    return record


def _settle(subscription: Subscription, now: datetime) -> None:
    if subscription.status in OWING and not BillingRecord.objects.overdue(now).exists():
        save_state(subscription, {"status": Status.ACTIVE}, now=now)
