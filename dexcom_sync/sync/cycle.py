"""One look at a claimed connection, and how it stands afterwards."""

from __future__ import annotations

import random
from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from dexcom_sync.client import DexcomError
from dexcom_sync.limiter import MustWait
from dexcom_sync.models import Connection
from dexcom_sync.services import standing
from dexcom_sync.services.binding import AccountTaken
from dexcom_sync.services.tokens import ApplicationRefused, SignInInDoubt, TokenBusy, TokenTrouble
from dexcom_sync.storing import ConnectionMoved
from dexcom_sync.sync.ranges import read_ranges
from dexcom_sync.sync.reading import Outcome, Reader, code_of
from dexcom_sync.sync.session import Session, WrongPerson

JITTER = 0.12
AFTER_TROUBLE = timedelta(minutes=5)
WHILE_STOPPED = timedelta(minutes=15)
WHILE_BUSY = timedelta(seconds=30)

log = structlog.get_logger(__name__)


def sync(session: Session) -> Outcome:
    """Reads what is due, notes how it ended, and gives the lease back. Call it outside of transactions."""
    connection, outcome = session.connection, Outcome()
    again_in, whole = AFTER_TROUBLE, False
    try:
        Reader(session, read_ranges(session), outcome).read_all()
        standing.trust_again(connection)
        again_in, whole = _period(), True
    except MustWait as must:
        again_in = timedelta(seconds=must.seconds * random.uniform(1, 1 + 2 * JITTER))  # noqa: S311
    except TokenBusy:
        again_in = WHILE_BUSY
    except TokenTrouble as trouble:
        outcome.failed["token"] = trouble.reason
        again_in = timedelta(seconds=trouble.wait) if trouble.wait else AFTER_TROUBLE
    except SignInInDoubt as doubt:
        outcome.failed["sign_in"] = doubt.reason
        _doubted(connection, doubt.reason)
    except ApplicationRefused as refused:
        # No patient's fault: the limiter has stopped all calls until a person looks.
        outcome.failed["application"] = str(refused)
        again_in = WHILE_STOPPED
    except (WrongPerson, AccountTaken):
        outcome.failed["account"] = "wrong_person"
        standing.quarantine(connection, "wrong_person")
    except DexcomError as error:
        outcome.failed["dataRange"] = code_of(error)
    except ConnectionMoved:
        log.info("dexcom_connection_moved", connection=str(connection.public_id))
    except Exception:
        outcome.failed["sync"] = "failed"
        raise
    finally:
        _end(connection, outcome, again_in, whole)
    return outcome


def _doubted(connection: Connection, reason: str) -> None:
    if connection.status == Connection.Status.AUTH_SUSPECT:
        standing.probe_failed(connection, reason)
    else:
        standing.suspect(connection, reason)


def _end(connection: Connection, outcome: Outcome, again_in: timedelta, whole: bool) -> None:
    if "sign_in" in outcome.failed:
        # When to probe again is decided already.
        standing.give_back(connection)
        return
    standing.note_cycle(
        connection,
        next_due_at=timezone.now() + again_in,
        data_through=outcome.newest,
        failed=next(iter(outcome.failed.values()), ""),
        whole=whole,
    )


def _period() -> timedelta:
    return timedelta(minutes=settings.DEXCOM_POLL_MINUTES * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311
