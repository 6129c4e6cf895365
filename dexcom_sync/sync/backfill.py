"""The past of a connection, newest first: a clinic sees the last weeks within minutes, and the first ones in time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

import structlog
from django.db import transaction

from dexcom_sync.client import DexcomError
from dexcom_sync.limiter import MustWait
from dexcom_sync.models import Connection, Progress, Resource
from dexcom_sync.records.windows import Window
from dexcom_sync.services import standing
from dexcom_sync.services.tokens import ApplicationRefused, SignInInDoubt, TokenBusy, TokenTrouble
from dexcom_sync.storing import ConnectionMoved
from dexcom_sync.sync import progress
from dexcom_sync.sync.claims import release_backfill
from dexcom_sync.sync.fetching import read_window
from dexcom_sync.sync.passes import next_backfill
from dexcom_sync.sync.reading import RECORDS, Outcome, code_of
from dexcom_sync.sync.session import Session, WrongPerson

AT_ONCE = timedelta(0)
AFTER_TROUBLE = timedelta(minutes=5)

log = structlog.get_logger(__name__)


def backfill(session: Session, *, seconds: float) -> Outcome:
    """Reads pieces of a claimed connection's past until it is whole, or the seconds are over. Each piece is kept with
    its checkpoint: whoever goes on begins at the next one.
    """
    connection, outcome = session.connection, Outcome()
    again_in, until = AT_ONCE, time.monotonic() + seconds
    try:
        while time.monotonic() < until and (due := _next(connection)):
            _read(session, *due, outcome)
    except MustWait as must:
        again_in = timedelta(seconds=must.seconds)
    except (TokenBusy, TokenTrouble, ApplicationRefused):
        again_in = AFTER_TROUBLE
    except SignInInDoubt as doubt:
        standing.suspect(connection, doubt.reason)
    except WrongPerson:
        standing.quarantine(connection, "wrong_person")
    except DexcomError as error:
        outcome.failed["backfill"] = code_of(error)
        again_in = AFTER_TROUBLE
        log.warning("dexcom_past_not_read", connection=str(connection.public_id), code=code_of(error))
    except ConnectionMoved:
        log.info("dexcom_connection_moved", connection=str(connection.public_id))
    except Exception:
        # At once it would be the same again.
        again_in = AFTER_TROUBLE
        raise
    finally:
        release_backfill(connection, again_in=again_in)
    return outcome


def _next(connection: Connection) -> tuple[Progress, Window] | None:
    """The newest piece of all kinds, so that a stretch of the past is whole before an earlier one is begun."""
    due = _due(progress.progress_of(connection))
    if not due:
        return None if _note_whole(connection) else _next(connection)
    return max(due, key=lambda one: (one[1].end, -RECORDS.index(Resource(one[0].resource))))


def _read(session: Session, row: Progress, window: Window, outcome: Outcome) -> None:
    def checkpoint(piece: Window) -> None:
        # Halves of a window are read oldest first: the last of them is the newest, and only then is it whole.
        if piece.end == window.end:
            row.backfilled_to = window.start
            row.save(update_fields=["backfilled_to"])

    for stored in read_window(session, Resource(row.resource), window, checkpoint):
        outcome.add(stored)


def _due(rows: Mapping[str, Progress]) -> list[tuple[Progress, Window]]:
    return [
        (row, window)
        for resource in RECORDS
        if (row := rows[resource]).backfill_floor is not None
        and row.backfilled_to is not None
        and (window := next_backfill(row.backfill_floor, row.backfilled_to)) is not None
    ]


@transaction.atomic
def _note_whole(connection: Connection) -> bool:
    """False where more of the past was wanted in the meantime: who wants it marks the connection after the row."""
    locked = Connection.objects.select_for_update(no_key=True, of=("self",)).get(pk=connection.pk)
    if _due(progress.progress_of(locked)):
        return False
    Connection.objects.filter(pk=connection.pk).update(is_backfilling=False)
    return True
