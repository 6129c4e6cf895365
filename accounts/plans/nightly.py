"""What the days bring: periods end and begin anew, invoices fall due, usage is counted, readings grow too old."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.mail import send_mail
from accounts.models import Membership
from accounts.organizations import current_organization
from accounts.plans.catalogue import Limit
from accounts.plans.models import BillingRecord, PlanRetention
from accounts.plans.services import locked_subscription, make_invoice, months_of, save_state
from accounts.plans.standing import Status, current_standing, has_ended_at
from accounts.plans.usage import count_day, yesterday
from audit.actions import Action
from audit.changes import apply_changes, record_creation
from audit.services import record

# Between the mail and the first night that removes readings because of the plan.
NOTICE = timedelta(days=14)


def look_after_plan(now: datetime | None = None) -> None:
    """Of the clinic in scope, each night; a second time changes nothing."""
    now = now or timezone.now()
    while begin_next_period(now):
        pass
    keep_status(now)
    keep_retention(now)
    count_day(yesterday(now), now=now)


@transaction.atomic
def begin_next_period(now: datetime) -> bool:
    """Of a plan that is paid by invoice. Of other plans the provider tells us."""
    current = locked_subscription()
    if current is None or current.provider != "none" or not current.auto_renew or current.status != Status.ACTIVE:
        return False
    months = months_of(current.period)
    if current.ends_at is None or current.ends_at > now or months is None:
        return False
    began = current.ends_at
    save_state(current, {"ends_at": _months_later(current.starts_at, began, months)}, now=now)
    if current.amount:
        period = f"{began:%d %B %Y} to {current.ends_at:%d %B %Y}"
        make_invoice(amount=current.amount, description=f"Plan {current.get_plan_display()}, {period}", now=now)
    return True


@transaction.atomic
def keep_status(now: datetime) -> None:
    current = locked_subscription()
    if current is None or current.status == Status.EXPIRED:
        return
    if (ended_at := has_ended_at(current, now)) is not None:
        save_state(current, {"status": Status.EXPIRED, "ends_at": ended_at}, now=now)
    elif current.status == Status.ACTIVE and current.provider == "none" and BillingRecord.objects.overdue(now).exists():
        save_state(current, {"status": Status.PAST_DUE}, now=now)


def keep_retention(now: datetime) -> None:
    """A plan that keeps readings for a shorter time is announced, and acts two weeks later."""
    with transaction.atomic():
        # Of a time of grace the longer one.
        days = current_standing(now).limit(Limit.RETENTION_DAYS)
        told = PlanRetention.objects.select_for_update(no_key=True).first()
        managers, clinic = list(Membership.objects.managers()), current_organization()
    if days is None or (told is not None and days > told.days):
        _forget_or_lengthen(days)
    if days is None or (told is not None and days >= told.days):
        return
    acts_at = now + NOTICE
    if clinic.reading_retention_days is None or clinic.reading_retention_days > days:
        context = {
            "clinic": " ".join(clinic.name.split()),
            "days": days,
            "from": f"{acts_at:%d %B %Y}",
            "address": f"{settings.PUBLIC_URL}/admin/plan/",
        }
        for manager in managers:
            send_mail(to=manager.email, template="plan_retention", context={**context, "manager": manager})
    _announce(days, acts_at)


@transaction.atomic
def _announce(days: int, acts_at: datetime) -> None:
    """After the mail: one that fails is sent again the next night, and nothing is removed without it."""
    told = PlanRetention.objects.select_for_update(no_key=True).first()
    if told is not None:
        apply_changes(told, {"days": days, "acts_at": acts_at}, object_id=str(days))
        return
    made = PlanRetention.objects.create(days=days, acts_at=acts_at)
    record_creation(made, object_id=str(days))


@transaction.atomic
def _forget_or_lengthen(days: int | None) -> None:
    told = PlanRetention.objects.select_for_update(no_key=True).first()
    if told is None:
        return
    if days is not None:
        apply_changes(told, {"days": days}, object_id=str(days))
        return
    told.delete()
    record(action=Action.DELETE, object_type="accounts.planretention", object_id=str(told.days))


def _months_later(first: datetime, end: datetime, months: int) -> datetime:
    """On the day of the month that the subscription began on, where the month has it."""
    year, month = divmod(end.year * 12 + end.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return end.replace(year=year, month=month + 1, day=min(max(first.day, end.day), last_day))
