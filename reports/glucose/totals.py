"""What sums of days can tell, however long the window: whole days of a patient, or of many at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.centre import gmi_of_mean
from analytics.gri import gri
from analytics.ranges import STANDARD, RangeLimits
from analytics.sensor_use import SensorUse, Sufficiency, sufficiency
from analytics.units import MG_DL_PER_MMOL_L
from reports.glucose.days import DayFigures, times_of
from reports.glucose.documents import gri_body, sufficiency_body, use_body
from reports.glucose.numbers import In, number, shares
from reports.glucose.windows import Window

MINUTES_OF_DAY = 1440


@dataclass(frozen=True, slots=True)
class Spread:
    """mg/dL; None where there are too few readings. ``sd`` with n - 1."""

    count: int
    mean: float | None
    sd: float | None

    @classmethod
    def of_sums(cls, count: int, total: int, squares: int) -> Spread:
        """Exact sums of whole numbers: nothing is lost by subtracting two large ones."""
        if not count:
            return cls(0, None, None)
        if count == 1:
            return cls(1, float(total), None)
        return cls(count, total / count, math.sqrt((count * squares - total * total) / (count * (count - 1))))

    @classmethod
    def of_days(cls, days: Iterable[DayFigures]) -> Spread:
        days = list(days)
        return cls.of_sums(*(sum(getattr(day, name) for day in days) for name in ("count", "total", "squares")))

    @property
    def cv(self) -> float | None:
        return 100 * self.sd / self.mean if self.sd is not None and self.mean else None

    @property
    def gmi(self) -> float | None:
        return None if self.mean is None else gmi_of_mean(self.mean)

    @property
    def gmi_mmol_mol(self) -> float | None:
        return None if self.mean is None else 12.71 + 4.70587 * self.mean / MG_DL_PER_MMOL_L


def totals_body(days: Sequence[DayFigures], window: Window, limits: RangeLimits, told: In) -> dict[str, Any]:
    """The same fields as ``documents.summary_body``; null what sums of days do not tell."""
    spread, times, use = Spread.of_days(days), times_of(days, limits), _use(days, window)
    standard = times if limits == STANDARD else times_of(days, STANDARD)
    enough = sufficiency(use)
    return {
        "isExact": False,
        "sufficiency": sufficiency_body(enough),
        # Which reading was the first of its day, no summary says.
        "sensorUse": use_body(use) | {"first": None, "last": None},
        "readings": spread.count,
        **_centre(spread, enough, told),
        **_extremes(days, told),
        "timeInRanges": shares(times),
        "gri": gri_body(gri(standard)),
        "median": None, "iqr": None, "jIndex": None, "risk": None, "variability": None, "mage": None, "grade": None,
        "episodes": None,
    }  # fmt: skip


def day_body(day: DayFigures, limits: RangeLimits, told: In) -> dict[str, Any]:
    spread, times = Spread.of_days([day]), times_of([day], limits)
    return {
        "day": day.day.isoformat(),
        "readings": day.count,
        # Of 24 hours, also on days that have one more or less: never above 100.
        "activePercent": number(min(100.0, 100 * day.minutes / MINUTES_OF_DAY)),
        "mean": told.glucose(spread.mean),
        "sd": told.glucose(spread.sd),
        "cv": number(spread.cv),
        **_extremes([day], told),
        "timeInRanges": shares(times),
    }


def _centre(spread: Spread, enough: Sufficiency, told: In) -> dict[str, Any]:
    sure = enough.is_sufficient
    return {
        "mean": told.glucose(spread.mean),
        "sd": told.glucose(spread.sd),
        "cv": number(spread.cv),
        "gmi": number(spread.gmi) if sure else None,
        "gmiMmolMol": number(spread.gmi_mmol_mol, 1) if sure else None,
    }


def _extremes(days: Sequence[DayFigures], told: In) -> dict[str, Any]:
    return {
        "min": told.glucose(min((day.minimum for day in days if day.minimum is not None), default=None)),
        "max": told.glucose(max((day.maximum for day in days if day.maximum is not None), default=None)),
        "belowSensorRange": sum(day.below_sensor_range for day in days),
        "aboveSensorRange": sum(day.above_sensor_range for day in days),
    }


def _use(days: Sequence[DayFigures], window: Window) -> SensorUse:
    minutes = tuple(float(day.minutes) for day in days)
    since, until = window.milliseconds
    window_minutes = (until - since) / 60_000
    return SensorUse(
        active_percent=None,
        active_percent_of_window=min(100.0, 100 * sum(minutes) / window_minutes),
        window_minutes=window_minutes,
        days=(days[-1].day - days[0].day).days + 1 if days else 0,
        days_with_data=len(days),
        # Somewhere on the first and on the last day: it is only asked whether there are readings.
        first=since if days else None,
        last=until if days else None,
        minutes_of_days=minutes,
    )
