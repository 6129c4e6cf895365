from __future__ import annotations

from datetime import MAXYEAR, datetime, timedelta

from django.utils import timezone

from devices.sources import EARLIEST
from readings.importing.local_times import LocalTimes
from readings.importing.values import CellRefused

CLOCK_TOLERANCE = timedelta(minutes=5)


def place(time: datetime, clock: LocalTimes) -> datetime:
    """The instant of what a file's line says. Raises CellRefused."""
    # A year away from either end of what can be stored, so that no offset carries the time beyond it.
    if not EARLIEST.year < time.year < MAXYEAR:
        raise CellRefused(f"the year {time.year} cannot be right")
    measured_at = clock.instant(time)
    if measured_at > timezone.now() + CLOCK_TOLERANCE:
        raise CellRefused(f"{time} lies in the future")
    return measured_at
