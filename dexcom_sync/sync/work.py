"""What the workers do for the clinic in scope: connections one after the other, for a bounded time."""

from __future__ import annotations

import time

import structlog

from dexcom_sync import metrics
from dexcom_sync.applications import NotOffered, client_of, limiter_of
from dexcom_sync.limiter import Lane
from dexcom_sync.models import Connection
from dexcom_sync.services import standing
from dexcom_sync.sync.backfill import backfill
from dexcom_sync.sync.claims import claim_backfill, claim_due, claim_one
from dexcom_sync.sync.cycle import sync
from dexcom_sync.sync.reading import Outcome
from dexcom_sync.sync.session import Session
from tenancy.directory import organizations_named_by

SECONDS_PER_TASK = 50.0

log = structlog.get_logger(__name__)


def organizations_with_due_connections() -> list[int]:
    return organizations_named_by("dexcom_due_organizations")


def session_of(connection: Connection, lane: Lane) -> Session:
    return Session(connection, client_of(connection.region), limiter_of(connection.region), lane=lane)


def sync_due(*, seconds: float = SECONDS_PER_TASK) -> int:
    """Looks at connections that are due, the longest waiting first; returns how many."""
    until, done = time.monotonic() + seconds, 0
    while time.monotonic() < until and (connection := claim_due()):
        _synced(connection, Lane.HOT)
        done += 1
    metrics.flush()
    return done


def sync_one(connection_id: int) -> Outcome | None:
    """At once, because a person asked for it; None where a worker has it in hand already, or it is not polled."""
    connection = claim_one(connection_id)
    return None if connection is None else _synced(connection, Lane.INTERACTIVE)


def backfill_due(*, seconds: float = SECONDS_PER_TASK) -> int:
    until, done = time.monotonic() + seconds, 0
    while (left := until - time.monotonic()) > 0 and (connection := claim_backfill()):
        try:
            backfill(session_of(connection, Lane.BACKFILL), seconds=left)
        except NotOffered:
            log.warning("dexcom_region_not_offered", region=connection.region)
        except Exception:
            log.exception("dexcom_backfill_failed", connection=str(connection.public_id))
        done += 1
    metrics.flush()
    return done


def _synced(connection: Connection, lane: Lane) -> Outcome:
    """One that fails in a way nobody foresaw does not stop the others; its lease runs out, and it is tried again."""
    try:
        return sync(session_of(connection, lane))
    except NotOffered:
        standing.note_unoffered(connection)
    except Exception:
        log.exception("dexcom_sync_failed", connection=str(connection.public_id))
    return Outcome(failed={"sync": "failed"})
