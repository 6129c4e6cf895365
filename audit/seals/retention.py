"""How long entries are kept: removed by a function of the owner alone, by whole seals, after the clinic's time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from audit.actions import Action
from audit.models import Entry, Seal
from audit.services import record
from tenancy.models import Organization
from tenancy.scope import required_organization_id

LEAST_DAYS = 365


def remove_expired_entries() -> int:
    """Of the organization in scope; returns how many went. The function reads the clinic's time itself."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT audit_expire()")
            removed = int(cursor.fetchone()[0])
        if removed:
            record(action=Action.EXPIRE, object_type="audit.entry", object_id="", count=removed)
    return removed


def drop_empty_months() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT audit_drop_empty_months()")
        return int(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class RetentionTimes:
    """What the clinic's retention was at a moment: its seals alone would say whatever their marks were set to."""

    # When, from how many days, to how many: oldest first.
    changes: list[tuple[datetime, int, int]]
    present: int
    # Entries before this may have expired themselves.
    told_since: datetime | None

    def least_days_at(self, moment: datetime) -> int:
        if self.told_since is not None and moment < self.told_since:
            return LEAST_DAYS
        days = self.changes[0][1] if self.changes else self.present
        for at, _, new in self.changes:
            if at <= moment:
                days = new
        return max(days, LEAST_DAYS)


def retention_times() -> RetentionTimes:
    """Of the organization in scope, as its ledger tells; where that says nothing, as it is set now."""
    settings_changed = Entry.objects.filter(action=Action.UPDATE, object_type=Organization._meta.label_lower)
    changes = [
        (entry.at, old, new)
        for entry in settings_changed.order_by("at", "id")
        for field, old, new in entry.changes or ()
        if field == "audit_retention_days"
    ]
    present = Organization.objects.get(pk=required_organization_id()).audit_retention_days
    gone = Seal.objects.filter(expired_at__isnull=False).aggregate(newest=Max("last_at"))
    return RetentionTimes(changes, present, gone["newest"])


def expiry_fault(seal: Seal, times: RetentionTimes) -> str | None:
    """A sentence where entries went before their time: somebody deleted them and called it retention."""
    if seal.expired_at is None:
        return None
    days = seal.expired_after_days or 0
    if days < LEAST_DAYS or seal.expired_at - seal.last_at < timedelta(days=days) or seal.expired_at > timezone.now():
        return (
            f"Seal {seal.number} was marked as expired before its time: its last entry is of {seal.last_at:%Y-%m-%d}, "
            f"it went on {seal.expired_at:%Y-%m-%d} by a retention of {days} days."
        )
    if days < (wanted := times.least_days_at(seal.expired_at)):
        return (
            f"Seal {seal.number} was marked as expired before its time: it went on {seal.expired_at:%Y-%m-%d} by a "
            f"retention of {days} days, and the clinic's was {wanted} days."
        )
    return None
