"""Days in figures: from their summaries where those know all readings, and from the readings where they do not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date

import numpy as np
from numpy.typing import NDArray

from analytics.ranges import PREGNANCY, STANDARD, RangeLimits, TimesInRanges
from analytics.sensor_use import LONGEST_INTERVAL
from analytics.trace import MINUTE
from patients.models import Patient
from readings.history.days import LocalDay, days_until, joined
from readings.models import DaySummary, DirtyDay, Unit
from reports.glucose.loading import Columns, columns_of
from reports.glucose.windows import Window


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Counts and sums as ``DaySummary`` has them; ``minutes``: which the day's readings stand for."""

    day: date
    count: int
    below_sensor_range: int
    above_sensor_range: int
    very_low: int
    low: int
    in_range: int
    high: int
    very_high: int
    tight_range: int
    below_63: int
    pregnancy_range: int
    total: int
    squares: int
    minimum: int | None
    maximum: int | None
    interval: int

    @property
    def minutes(self) -> int:
        return self.count * min(self.interval, LONGEST_INTERVAL)


_COLUMNS = tuple(field.name for field in fields(DayFigures))


def day_figures(patient: Patient, window: Window) -> list[DayFigures]:
    """Of the window's days with readings, ascending. The window begins and ends at midnight."""
    days = days_until(window.last, window.days, patient.zone)
    known = _summarised(patient, days)
    others = [day for day in days if day.day not in known]
    # A day without a summary is never taken to be without readings.
    raw = _counted(others, columns_of(patient, joined(others))) if others else []
    return sorted([*known.values(), *raw], key=lambda figures: figures.day)


def _summarised(patient: Patient, days: Sequence[LocalDay]) -> dict[date, DayFigures]:
    """Not those that are marked, nor those that began and ended elsewhere: in a time zone of before."""
    first, last = days[0].day, days[-1].day
    marked = set(
        DirtyDay.objects.filter(patient_id=patient.pk, day__gte=first, day__lte=last).values_list("day", flat=True)
    )
    bounds = {day.day: (day.starts_at, day.ends_at) for day in days}
    rows = (
        DaySummary.objects.for_patient(patient)
        .from_day_to(first, last)
        .filter(timezone=patient.timezone)
        .values_list("starts_at", "ends_at", *_COLUMNS)
    )
    return {
        row[0]: DayFigures(*row)
        for starts_at, ends_at, *row in rows
        if row[0] not in marked and bounds.get(row[0]) == (starts_at.astimezone(UTC), ends_at.astimezone(UTC))
    }


def _counted(days: Sequence[LocalDay], found: Columns) -> list[DayFigures]:
    """What ``readings.summaries`` writes, of readings as they are stored."""
    order = np.argsort(found.instants, kind="stable")
    instants = found.instants[order]
    bounds = np.searchsorted(
        instants, [round(instant.timestamp() * 1000) for day in days for instant in (day.starts_at, day.ends_at)]
    )
    figures = []
    for day, begin, end in zip(days, bounds[::2].tolist(), bounds[1::2].tolist(), strict=True):
        if begin < end:
            part = order[begin:end]
            columns = Columns(instants[begin:end], found.glucose[part], found.unit[part], found.range_flag[part])
            figures.append(_figures(day.day, columns))
    return figures


def _figures(day: date, found: Columns) -> DayFigures:
    glucose = found.glucose
    # 7.8 mmol/L are kept as 141 mg/dL.
    tight_until = np.where(found.unit == Unit.MMOL_L, 141, 140)
    measured = glucose[found.range_flag == 0]
    gaps = np.diff(found.instants)

    def count(flags: NDArray[np.bool_]) -> int:
        return int(np.count_nonzero(flags))

    return DayFigures(
        day=day,
        count=len(glucose),
        below_sensor_range=count(found.range_flag < 0),
        above_sensor_range=count(found.range_flag > 0),
        very_low=count(glucose < 54),
        low=count((glucose >= 54) & (glucose < 70)),
        in_range=count((glucose >= 70) & (glucose <= 180)),
        high=count((glucose > 180) & (glucose <= 250)),
        very_high=count(glucose > 250),
        tight_range=count((glucose >= 70) & (glucose <= tight_until)),
        below_63=count(glucose < 63),
        pregnancy_range=count((glucose >= 63) & (glucose <= tight_until)),
        total=int(glucose.sum()),
        squares=int((glucose * glucose).sum()),
        minimum=int(measured.min()) if len(measured) else None,
        maximum=int(measured.max()) if len(measured) else None,
        interval=max(1, round(float(np.median(gaps)) / MINUTE)) if len(gaps) else 5,
    )


def times_of(days: Iterable[DayFigures], limits: RangeLimits) -> TimesInRanges:
    """Raises ValueError for limits that summaries do not count by."""
    days = list(days)

    def total(name: str) -> int:
        return sum(getattr(day, name) for day in days)

    count, tight, very_low = total("count"), total("tight_range"), total("very_low")
    if limits == STANDARD:
        low, in_range, high, very_high = (total(name) for name in ("low", "in_range", "high", "very_high"))
    elif limits == PREGNANCY:
        below, in_range = total("below_63"), total("pregnancy_range")
        low, high, very_high = below - very_low, count - below - in_range, 0
    else:
        raise ValueError("days are summarised by the standard limits and by those of pregnancy")
    return TimesInRanges(count, very_low, low, in_range, high, very_high, tight, limits)
