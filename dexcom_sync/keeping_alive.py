"""A refresh token that nobody uses may expire: those of idle connections are used at least every seven days.

A connection in use does it by itself. The hour in which a connection's turn comes follows from its id, so that the
connections of a day do not ask together.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from dexcom_sync import metrics
from dexcom_sync.applications import NotOffered
from dexcom_sync.limiter import Lane, MustWait
from dexcom_sync.models import Connection, Token
from dexcom_sync.services import standing
from dexcom_sync.services.tokens import ApplicationRefused, SignInInDoubt, TokenError
from dexcom_sync.sync.work import session_of

# And up to a day more, by the connection's hour.
IDLE_FOR = timedelta(days=6)
KEPT = (Connection.Status.ACTIVE, Connection.Status.PAUSED)
SECONDS_PER_TASK = 50.0

log = structlog.get_logger(__name__)


def keep_alive(*, seconds: float = SECONDS_PER_TASK) -> int:
    """Of the clinic in scope; returns how many were refreshed. It calls Dexcom, so call it outside of transactions."""
    until, done = time.monotonic() + seconds, 0
    for connection in idle_connections(timezone.now()):
        if time.monotonic() > until:
            break
        try:
            done += _refreshed(connection)
        except (MustWait, ApplicationRefused):
            # All others would hear the same; the next hour goes on.
            break
    metrics.flush()
    return done


@transaction.atomic
def idle_connections(now: datetime) -> list[Connection]:
    """Those whose turn has come, the longest idle first."""
    idle = Token.objects.filter(refreshed_at__lt=now - IDLE_FOR, connection__status__in=KEPT)
    found = idle.order_by("refreshed_at").values_list("connection_id", "refreshed_at")
    turns = [number for number, at in found if at < now - IDLE_FOR - timedelta(hours=number % 24)]
    connections: dict[int, Connection] = Connection.objects.select_related("patient").in_bulk(turns)
    return [connections[number] for number in turns if number in connections]


def _refreshed(connection: Connection) -> bool:
    try:
        session_of(connection, Lane.TOKEN).access()
    except SignInInDoubt as doubt:
        # A paused connection stays paused: whoever resumes it sees why it has to be connected again.
        if not standing.suspect(connection, doubt.reason):
            _note(connection, doubt.reason)
        return False
    except NotOffered:
        log.warning("dexcom_region_not_offered", region=connection.region)
        return False
    except ApplicationRefused:
        raise
    except TokenError as error:
        log.warning("dexcom_not_kept_alive", connection=str(connection.public_id), reason=str(error))
        return False
    return True


@transaction.atomic
def _note(connection: Connection, reason: str) -> None:
    Connection.objects.filter(pk=connection.pk, status=Connection.Status.PAUSED).update(
        last_error=reason, last_error_at=timezone.now()
    )
