"""How the clinic stands, in few statements whose cost does not follow the number of readings.

Whoever is limited to their patients gets the figures of these: the database's policy holds for each statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from django.db.models import Count, Q
from django.utils.safestring import SafeString

from alerts.models import Episode, Severity
from dexcom_sync.models import Connection
from patients.models import Patient
from readings.models import ImportJob, PatientState
from reports.alarm_board.wording import severity_mark
from reports.api.statistics import device_counts
from reports.glucose.standing import by_severity
from reports.glucose.trends import trend_json
from reports.models import BatchReport
from reports.worklist.loading import LOST

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Patients:
    """``sending``: with a reading in the last 24 hours."""

    total: int
    sending: int


@dataclass(frozen=True, slots=True)
class Alarms:
    total: int
    waiting: int
    severities: list[tuple[str, SafeString, str, int]]


@dataclass(frozen=True, slots=True)
class Working:
    """``imports``: running ones; ``reports``: of batches, still to be made."""

    imports: int
    reports: int


def patients(now: datetime) -> Patients:
    current = Patient.objects.current()
    sending = PatientState.objects.filter(measured_at__gt=now - A_DAY, patient__archived_at__isnull=True)
    return Patients(current.count(), sending.count())


def devices() -> dict[str, int]:
    """As the answer over REST counts them: those in use, and of these the ones that are online."""
    return device_counts()


def alarms() -> Alarms:
    """Of those on the board: open and confirmed."""
    shown = Episode.objects.alarming().confirmed()
    counted = by_severity(shown)
    severities = [(one.value, severity_mark(one), one.label, counted[one.value]) for one in reversed(Severity)]
    return Alarms(sum(counted.values()), shown.unacknowledged().count(), severities)


def trend(metric: str, period: str, *, today: date, unit: str) -> dict[str, Any]:
    """From summaries of days; whole days that ended yesterday."""
    found: dict[str, Any] = msgspec.json.decode(trend_json(metric, period, today=today, unit=unit))
    return found


def connections() -> dict[str, int]:
    counted: dict[str, int] = Connection.objects.aggregate(
        total=Count("id", filter=~Q(status=Connection.Status.REVOKED)), lost=Count("id", filter=Q(status__in=LOST))
    )
    return counted


def working() -> Working:
    return Working(ImportJob.objects.running().count(), BatchReport.objects.waiting().count())
