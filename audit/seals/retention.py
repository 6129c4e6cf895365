"""How long entries are kept: removed by a function of the owner alone, by whole seals, after the clinic's time."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from audit.actions import Action
from audit.models import Seal
from audit.services import record

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


def expiry_fault(seal: Seal) -> str | None:
    """A sentence where entries went before their time: somebody deleted them and called it retention."""
    if seal.expired_at is None:
        return None
    days = seal.expired_after_days or 0
    if days < LEAST_DAYS or seal.expired_at - seal.last_at < timedelta(days=days) or seal.expired_at > timezone.now():
        return (
            f"Seal {seal.number} was marked as expired before its time: its last entry is of {seal.last_at:%Y-%m-%d}, "
            f"it went on {seal.expired_at:%Y-%m-%d} by a retention of {days} days."
        )
    return None
