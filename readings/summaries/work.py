from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Count, Min

from readings.models import HISTOGRAM_BIN, DaySummary, DirtyDay
from readings.summaries import statements
from readings.summaries.followers import tell_followers
from tenancy.directory import organizations_named_by
from tenancy.scope import required_organization_id

# A patient's new readings wait while days of theirs are summarised: for a week that is some ten milliseconds.
DAYS_AT_ONCE = 7
DAYS_PER_RUN = 2_000
_PATIENTS_AT_ONCE = 200

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Backlog:
    """``oldest``: when the first of these days was marked."""

    days: int
    oldest: datetime | None


def organizations_with_dirty_days() -> list[int]:
    return organizations_named_by("readings_dirty_organizations")


@transaction.atomic
def backlog() -> Backlog:
    """Of the organization in scope."""
    found = DirtyDay.objects.aggregate(days=Count("day"), oldest=Min("marked_at"))
    return Backlog(found["days"], found["oldest"])


def summarise_dirty_days(
    *, limit: int | None = DAYS_PER_RUN, on_progress: Callable[[int], object] = lambda days: None
) -> int:
    """Summarise about ``limit`` days (None: all) of the organization in scope, those marked first at first.

    Returns how many. In small transactions, so call it outside of one. Patients whom another worker holds, or a store,
    are left to the next run; one who fails is logged and does not stop the rest.
    """
    done, failed = 0, set[int]()
    while limit is None or done < limit:
        before = done
        for patient_id in _dirty_patients(failed):
            try:
                days = _summarise_patient(patient_id)
            except Exception:
                log.exception("days_not_summarised", organization=required_organization_id(), patient=patient_id)
                failed.add(patient_id)
                continue
            done += days
            on_progress(days)
            if limit is not None and done >= limit:
                break
        if done == before:
            break
    return done


@transaction.atomic
def _dirty_patients(failed: set[int]) -> list[int]:
    waiting = DirtyDay.objects.exclude(patient_id__in=failed).values("patient_id").annotate(since=Min("marked_at"))
    return [row["patient_id"] for row in waiting.order_by("since", "patient_id")[:_PATIENTS_AT_ONCE]]


@transaction.atomic
def _summarise_patient(patient_id: int) -> int:
    """In this order, each a statement of its own: the lock, the marks, the readings.

    A reading that commits after the lock is seen by the last of them, or its mark is made after ours is gone.
    """
    place = {"organization_id": required_organization_id(), "patient_id": patient_id}
    with connection.cursor() as cursor:
        # A crash takes back the summary together with the removal of its mark: nothing to wait for the disk for.
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(statements.CLAIM, place)
        if cursor.fetchone() is None:
            return 0
        cursor.execute(statements.TAKE_MARKS, {**place, "limit": DAYS_AT_ONCE})
        days = [day for (day,) in cursor.fetchall()]
        if days:
            cursor.execute(statements.SUMMARISE, {**place, **_window(days), "days": days, "bin": HISTOGRAM_BIN})
            kept = {day for (day,) in cursor.fetchall()}
            DaySummary.objects.filter(patient_id=patient_id, day__in=set(days) - kept).delete()
            tell_followers(patient_id, days)
    return len(days)


def _window(days: list[date]) -> dict[str, Any]:
    """Wide enough for the days of every zone, which are up to 14 hours away."""
    first = datetime.combine(min(days), time(), UTC) - timedelta(days=1)
    return {"since": first, "until": datetime.combine(max(days), time(), UTC) + timedelta(days=2)}
