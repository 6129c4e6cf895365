"""What holds for the clinic in scope at this moment: its plan, the limits, and whether a time of grace runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.plans.catalogue import PLANS, Limit, Plan, roomier
from accounts.plans.models import Subscription

Status = Subscription.Status
OWING = (Status.PAST_DUE, Status.UNPAID)


@dataclass(frozen=True, slots=True)
class Standing:
    """``plan``: with the limits that hold now; of a time of grace those of before. ``grace_ends_at``: while it runs.

    ``is_stopped``: the grace after an invoice that is owed is over, and nothing is added until it is paid.
    """

    subscription: Subscription | None
    plan: Plan
    status: str
    grace_ends_at: datetime | None = None
    is_stopped: bool = False

    def limit(self, limit: Limit) -> int | None:
        return self.plan.limit(limit)

    def grace_days_left(self, now: datetime) -> int | None:
        """Begun days; None where no grace runs."""
        return None if self.grace_ends_at is None else -((now - self.grace_ends_at) // timedelta(days=1))


def usual_plan() -> Plan:
    return PLANS[settings.DEFAULT_PLAN]


def grace() -> timedelta:
    return timedelta(days=settings.BILLING_GRACE_DAYS)


def current_standing(now: datetime | None = None) -> Standing:
    """Of the clinic in scope."""
    return standing_of(Subscription.objects.first(), now or timezone.now())


def standing_of(subscription: Subscription | None, now: datetime) -> Standing:
    if subscription is None:
        return Standing(None, usual_plan(), Status.ACTIVE)
    plan, ended_at = PLANS[subscription.plan], has_ended_at(subscription, now)
    if ended_at is not None:
        return _after_the_end(subscription, plan, ended_at, now)
    runs = subscription.grace_ends_at is not None and subscription.grace_ends_at > now
    grace_ends_at = subscription.grace_ends_at if runs else None
    if runs and subscription.former_plan:
        plan = roomier(plan, PLANS[subscription.former_plan])
    is_stopped = subscription.status in OWING and not runs
    return Standing(subscription, plan, subscription.status, grace_ends_at, is_stopped)


def has_ended_at(subscription: Subscription, now: datetime) -> datetime | None:
    """When it ended, if it did: also before the nightly task has come by."""
    if subscription.status == Status.EXPIRED:
        return subscription.ends_at or subscription.updated_at
    end: datetime | None = None
    if subscription.status == Status.CANCELLED:
        end = subscription.ends_at or subscription.updated_at
    elif subscription.status == Status.TRIAL:
        end = subscription.trial_ends_at
    elif subscription.status == Status.ACTIVE and not subscription.auto_renew:
        end = subscription.ends_at
    return end if end is not None and end <= now else None


def _after_the_end(subscription: Subscription, plan: Plan, ended_at: datetime, now: datetime) -> Standing:
    grace_ends_at = ended_at + grace()
    if grace_ends_at > now:
        return Standing(subscription, roomier(usual_plan(), plan), Status.EXPIRED, grace_ends_at)
    return Standing(subscription, usual_plan(), Status.EXPIRED)
