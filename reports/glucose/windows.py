"""From when until when a result is computed: whole days of the patient's clock, or what was asked for exactly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from patients.models import Patient
from readings.history.days import ONE_DAY, day_of, start_of_day
from readings.models import PatientState

USUAL_PERIOD = "14d"
# Longer ones are computed from the summaries of days.
LONGEST_EXACT = timedelta(days=90, hours=1)
PERIODS = {"1d": 1, "7d": 7, "14d": 14, "30d": 30, "90d": 90, "180d": 180, "365d": 365}
EXACT_PERIODS = tuple(name for name, days in PERIODS.items() if timedelta(days=days) <= LONGEST_EXACT)


@dataclass(frozen=True, slots=True)
class Window:
    """From ``since`` on, before ``until``, both in UTC. ``first`` and ``last``: the days of ``zone`` it touches."""

    since: datetime
    until: datetime
    zone: ZoneInfo

    @classmethod
    def of_days(cls, first: date, last: date, zone: ZoneInfo) -> Window:
        """Both days included."""
        return cls(start_of_day(first, zone), start_of_day(last + ONE_DAY, zone), zone)

    @property
    def first(self) -> date:
        return day_of(self.since, self.zone)

    @property
    def last(self) -> date:
        return day_of(self.until - timedelta(milliseconds=1), self.zone)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_exact(self) -> bool:
        """Whether it is computed from the readings themselves."""
        return self.until - self.since <= LONGEST_EXACT

    @property
    def milliseconds(self) -> tuple[int, int]:
        """Since 1970."""
        return round(self.since.timestamp() * 1000), round(self.until.timestamp() * 1000)

    @property
    def before(self) -> Window:
        """What it is compared with: as many days, or as much time, right before it."""
        if start_of_day(self.first, self.zone) == self.since:
            return Window.of_days(self.first - self.days * ONE_DAY, self.first - ONE_DAY, self.zone)
        return Window(self.since - (self.until - self.since), self.since, self.zone)


def last_days(patient: Patient, days: int) -> Window:
    """So many whole days by the patient's clock, to the end of the day of the last reading; to today's without one.

    A clinic looks at a patient who stopped a month ago as well, and a report has days from midnight to midnight.
    """
    newest = PatientState.objects.filter(patient_id=patient.pk).values_list("measured_at", flat=True).first()
    last = day_of((newest or timezone.now()).astimezone(UTC), patient.zone)
    return Window.of_days(last - (days - 1) * ONE_DAY, last, patient.zone)


def window_of(
    patient: Patient, *, period: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Window:
    """By a name of PERIODS, or from ``since`` (or the usual period before ``until``) to ``until`` (or now)."""
    if since is None and until is None:
        return last_days(patient, PERIODS[period or USUAL_PERIOD])
    until = until or timezone.now()
    since = since or until - timedelta(days=PERIODS[USUAL_PERIOD])
    return Window(since.astimezone(UTC), until.astimezone(UTC), patient.zone)
