"""Who has a connection in hand. A lease ends by itself: what a dead worker held, another takes."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dexcom_sync.models import Connection

LEASE = timedelta(minutes=15)


@transaction.atomic
def claim_due() -> Connection | None:
    """The connection that has waited longest, or None. Workers that ask at once get different ones."""
    now = timezone.now()
    due = Connection.objects.due(now).order_by("next_due_at", "id")
    return _taken(due.select_for_update(skip_locked=True, of=("self",)).select_related("patient").first())


@transaction.atomic
def claim_one(connection_id: int) -> Connection | None:
    """This one, whether or not it is due; None where a worker has it, or where it is not polled."""
    now = timezone.now()
    Connection.objects.filter(pk=connection_id, status__in=Connection.POLLED).exclude(next_due_at__lte=now).update(
        next_due_at=now
    )
    due = Connection.objects.due(now).filter(pk=connection_id)
    return _taken(due.select_for_update(skip_locked=True, of=("self",)).select_related("patient").first())


def _taken(connection: Connection | None) -> Connection | None:
    if connection is not None:
        connection.claim, connection.claimed_until = uuid.uuid4(), timezone.now() + LEASE
        Connection.objects.filter(pk=connection.pk).update(
            claim=connection.claim, claimed_until=connection.claimed_until
        )
    return connection


@transaction.atomic
def claim_backfill() -> Connection | None:
    """One whose past is not read yet; those that no worker had for longest first."""
    now = timezone.now()
    waiting = Connection.objects.to_backfill(now).order_by(F("backfill_claimed_until").asc(nulls_first=True), "id")
    connection = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("patient").first()
    if connection is not None:
        connection.backfill_claim, connection.backfill_claimed_until = uuid.uuid4(), now + LEASE
        Connection.objects.filter(pk=connection.pk).update(
            backfill_claim=connection.backfill_claim, backfill_claimed_until=connection.backfill_claimed_until
        )
    found: Connection | None = connection
    return found


@transaction.atomic
def release_backfill(connection: Connection, *, again_in: timedelta) -> None:
    """The lease runs on for as long as nobody shall take it up again."""
    until = timezone.now() + again_in
    Connection.objects.filter(pk=connection.pk, backfill_claim=connection.backfill_claim).update(
        backfill_claim=None, backfill_claimed_until=until
    )
