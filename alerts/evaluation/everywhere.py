"""All clinics' patients whose time has come, once or for as long as a process lives."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.db import DatabaseError, close_old_connections

from alerts.deliveries.tasks import send_deliveries_of_clinic
from alerts.evaluation import metrics
from alerts.evaluation.work import Evaluated, evaluate_due_patients, oldest_mark, organizations_with_due_patients
from tenancy.tasks import in_each_organization, send_task
from tenancy.told_metrics import tell

# While the database is away it is asked this often.
AWAY_SECONDS = 2.0

log = structlog.get_logger(__name__)


def evaluate_all_due() -> Evaluated:
    """A round over all clinics; one that fails does not stop the rest."""
    begun = time.monotonic()
    done = in_each_organization(
        _evaluate_and_send, failed="organization_not_evaluated", among=organizations_with_due_patients()
    )
    total = sum(done, Evaluated())
    # A round that found nothing is told by nobody: it comes every second.
    if done:
        tell(
            metrics.SWEEP_SECONDS.told([time.monotonic() - begun]),
            metrics.EVALUATED.told(by=total.patients),
            metrics.RULES_FAILED.told(by=total.rules_failed),
            metrics.LAG_SECONDS.told(total.lags),
        )
    return total


def note_oldest_mark() -> None:
    """How far evaluating is behind, over all clinics."""
    oldest = in_each_organization(oldest_mark, failed="marks_not_read", among=organizations_with_due_patients())
    metrics.WAITING.note(min((since for since in oldest if since is not None), default=None))


def _evaluate_and_send() -> Evaluated:
    done = evaluate_due_patients()
    if done.told:
        # Without waiting for the other clinics, nor for the beat: it finds what the broker does not take now.
        send_task(send_deliveries_of_clinic)
    return done


def keep_evaluating(wait: Callable[[float], bool], *, interval: float) -> None:
    """Round after round until ``wait`` says so; it waits so many seconds and answers whether to stop."""
    stop = False
    while not stop:
        begun = time.monotonic()
        try:
            close_old_connections()
            evaluate_all_due()
        except DatabaseError:
            log.warning("alarms_wait_for_the_database", detail="No alarm is lost: marks stay until they are looked at.")
            stop = wait(AWAY_SECONDS)
        else:
            stop = wait(max(interval - (time.monotonic() - begun), 0))
