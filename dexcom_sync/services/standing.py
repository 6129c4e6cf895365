"""How a connection stands: each step is claimed by its former state, so that of two workers one takes it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dexcom_sync.models import Connection

# A sign-in that was refused once is not lost yet: their service has refused everybody for an hour before.
PROBE_AFTER = (timedelta(hours=2), timedelta(hours=4), timedelta(hours=8), timedelta(hours=16))
# Answers in a row that nobody can read, until the sign-in is in doubt.
REFUSALS = 3
LOST_ANSWER = "lost_refresh_response"

Status = Connection.Status

log = structlog.get_logger(__name__)


@transaction.atomic
def suspect(connection: Connection, reason: str) -> bool:
    """The account's sign-in is in doubt: it is tried again for thirty hours, and its data wait."""
    now = timezone.now()
    # A consent that was given meanwhile is not in doubt because the one before it is.
    theirs = Connection.objects.filter(pk=connection.pk, authorized_at=connection.authorized_at)
    taken = theirs.filter(status=Status.ACTIVE).update(
        status=Status.AUTH_SUSPECT, suspect_since=now, probes=0, refusals=0, next_due_at=now + PROBE_AFTER[0],
        last_error=reason, last_error_at=now,
    )  # fmt: skip
    if taken:
        log.warning("dexcom_sign_in_in_doubt", connection=str(connection.public_id), reason=reason)
    return bool(taken)


@transaction.atomic
def probe_failed(connection: Connection, reason: str) -> bool:
    """One more refusal. After the last probe the patient has to connect again; True where this was the last.

    One before its time, because a person asked for it, is no probe: impatience must not end a consent.
    """
    now = timezone.now()
    done = connection.probes + 1
    suspected = Connection.objects.filter(
        pk=connection.pk, status=Status.AUTH_SUSPECT, probes=connection.probes, authorized_at=connection.authorized_at
    )
    wanted_at = (connection.suspect_since or now) + sum(PROBE_AFTER[:done], timedelta())
    if now < wanted_at:
        suspected.update(next_due_at=wanted_at)
        return False
    # What a spent token is refused with says less than why it was spent.
    reason = LOST_ANSWER if connection.last_error == LOST_ANSWER else reason
    if done < len(PROBE_AFTER):
        suspected.update(
            probes=done, next_due_at=now + PROBE_AFTER[done], last_error=reason, last_error_at=now,
        )  # fmt: skip
        return False
    ended = suspected.update(
        status=Status.REAUTH_REQUIRED, probes=done, next_due_at=None, last_error=reason, last_error_at=now,
    )  # fmt: skip
    if ended:
        log.warning("dexcom_has_to_be_connected_again", connection=str(connection.public_id), reason=reason)
    return bool(ended)


@transaction.atomic
def trust_again(connection: Connection) -> bool:
    return bool(
        Connection.objects.filter(pk=connection.pk, status=Status.AUTH_SUSPECT).update(
            status=Status.ACTIVE, suspect_since=None, probes=0, refusals=0, last_error="", last_error_at=None
        )
    )


@transaction.atomic
def quarantine(connection: Connection, reason: str) -> bool:
    """Nothing more is read until a person has looked: the answer was about somebody else."""
    now = timezone.now()
    stopped = (
        Connection.objects.filter(pk=connection.pk)
        .exclude(status__in=[Status.REVOKED, Status.QUARANTINED])
        .update(status=Status.QUARANTINED, next_due_at=None, last_error=reason, last_error_at=now)
    )
    if stopped:
        log.error("dexcom_connection_stopped", connection=str(connection.public_id), reason=reason)
    return bool(stopped)


@transaction.atomic
def note_unreadable_refusal(connection: Connection) -> bool:
    """Counts an answer of the token address that says nothing known; True from the third in a row on."""
    Connection.objects.filter(pk=connection.pk).update(refusals=F("refusals") + 1)
    count = Connection.objects.values_list("refusals", flat=True).get(pk=connection.pk)
    return bool(count >= REFUSALS)


@transaction.atomic
def forget_refusals(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk, refusals__gt=0).update(refusals=0)


@transaction.atomic
def give_back(connection: Connection) -> None:
    """The lease is over, whatever the cycle found."""
    Connection.objects.filter(pk=connection.pk, claim=connection.claim).update(claim=None, claimed_until=None)


@transaction.atomic
def note_unoffered(connection: Connection) -> None:
    """The settings name no application of its region any more: looked at again in an hour."""
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(
        last_error="region_not_offered", last_error_at=now, next_due_at=now + timedelta(hours=1)
    )
    give_back(connection)


@transaction.atomic
def note_cycle(
    connection: Connection, *, next_due_at: datetime, data_through: datetime | None, failed: str = "", whole: bool
) -> None:
    """A cycle is over and the lease with it. ``failed``: the code of what could not be read; ``whole``: all that was
    due was read. Neither: it could not even be tried, and how the connection stands is as before.
    """
    now = timezone.now()
    theirs = Connection.objects.filter(pk=connection.pk, claim=connection.claim)
    outcome: dict[str, Any] = {"last_error": "", "last_ok_at": now} if whole else {}
    if failed:
        outcome = {"last_error": failed, "last_error_at": now}
    newest = {} if data_through is None else {"data_through": data_through}
    theirs.filter(status__in=Connection.POLLED).update(next_due_at=next_due_at, **outcome, **newest)
    give_back(connection)
