"""Evenly spaced values of a trace: what lags, days side by side and consecutive minutes are counted on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from analytics.trace import DAY, MINUTE, Flags, Floats, Limit, Milliseconds, Trace, offsets
from analytics.units import MG_DL_PER_MMOL_L

LONGEST_GAP = 45 * MINUTE
DAY_MINUTES = 1440
# A line between two tenths of a mmol/L is none itself; what it misses them by is noise of binary fractions.
NOISE = 1e-6

_made: WeakKeyDictionary[Trace, dict[int, Grid]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Grid:
    """Values every ``interval`` minutes of elapsed time; NaN where they are missing.

    From the local midnight before the first reading, which is not itself a point: a day is (00:05 … 24:00]. On the
    line between the two readings around; missing strictly within a gap of more than 45 minutes, before the first
    and after the last reading. Source: R iglu 4.3.0, ``CGMS2DayByDay``, which these points are equal to. Made by
    ``grid_of``.
    """

    begin: int
    interval: int
    values: Floats
    is_mmol: Flags
    zone: ZoneInfo

    @property
    def step(self) -> int:
        return self.interval * MINUTE

    @cached_property
    def instants(self) -> Milliseconds:
        """Milliseconds since 1970 (UTC)."""
        return self.begin + self.step * np.arange(1, len(self.values) + 1, dtype=np.int64)

    @cached_property
    def is_present(self) -> Flags:
        return np.isfinite(self.values)

    @cached_property
    def covered_days(self) -> float:
        """How long there are values, in days."""
        return float(np.count_nonzero(self.is_present)) * self.interval / DAY_MINUTES

    def points(self, minutes: float) -> int:
        """How many points stand for so many minutes at least: one stands for one interval."""
        return int(np.ceil(minutes / self.interval))

    def differences(self, minutes: int) -> Floats:
        """What changed within so many minutes of elapsed time, wherever there is a value at both ends."""
        lag = max(1, round(minutes / self.interval))
        changes = self.values[lag:] - self.values[:-lag]
        kept: Floats = changes[np.isfinite(changes)]
        return kept

    @cached_property
    def cell_numbers(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The row (day) and the column (time of the day, by the patient's clock) of each point in ``days``."""
        before = self.instants + offsets(self.instants, self.zone) - self.step
        rows = before // DAY
        return rows - (rows[0] if len(rows) else 0), (before % DAY) // self.step

    @cached_property
    def days(self) -> Floats:
        """Days as rows, times of the day as columns. Where a clock goes back, both values of a time are averaged;
        where it goes forward, the times it leaves out are missing."""
        rows, columns = self.cell_numbers
        width = DAY_MINUTES // self.interval
        height = int(rows[-1]) + 1 if len(rows) else 0
        cells = (rows * width + columns)[self.is_present]
        counts = np.bincount(cells, minlength=height * width)
        sums = np.bincount(cells, weights=self.values[self.is_present], minlength=height * width)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).reshape(height, width)

    def below(self, limit: Limit) -> Flags:
        """Which are less than the limit, in the unit the readings around came in."""
        bounds = np.where(self.is_mmol, limit.mmol_l * MG_DL_PER_MMOL_L - NOISE, limit.mg_dl)
        flags: Flags = self.values < bounds
        return flags

    def above(self, limit: Limit) -> Flags:
        """Which are more than the limit, in the unit the readings around came in."""
        bounds = np.where(self.is_mmol, limit.mmol_l * MG_DL_PER_MMOL_L + NOISE, limit.mg_dl)
        flags: Flags = self.values > bounds
        return flags


def grid_of(trace: Trace, interval: int | None = None) -> Grid:
    """Every ``interval`` minutes, or as often as the sensor measures: ``divisor_of_day``. Kept as long as the trace."""
    minutes = divisor_of_day(trace.interval) if interval is None else interval
    grids = _made.setdefault(trace, {})
    if minutes not in grids:
        grids[minutes] = _laid(trace, minutes)
    return grids[minutes]


def divisor_of_day(minutes: int) -> int:
    """The interval nearest to this one that a day is a multiple of, as iglu chooses it: above 20 it is 20, else the
    nearest multiple of 5."""
    if DAY_MINUTES % minutes == 0:
        return minutes
    if minutes > 20:
        return 20
    return max(5, (minutes + 2) // 5 * 5)


def _laid(trace: Trace, interval: int) -> Grid:
    if not len(trace):
        return Grid(0, interval, np.empty(0), np.empty(0, dtype=np.bool_), trace.zone)
    step = interval * MINUTE
    begin = _midnight_before(trace)
    points = begin + step * np.arange(1, (int(trace.instants[-1]) - begin) // step + 1, dtype=np.int64)
    after = np.searchsorted(trace.instants, points)
    before = np.maximum(after - 1, 0)
    start, end = trace.instants[before], trace.instants[after]
    is_reading = end == points
    share = (points - start) / np.maximum(end - start, 1)
    values = trace.glucose[before] + (trace.glucose[after] - trace.glucose[before]) * share
    is_missing = (points < trace.instants[0]) | (end - start > LONGEST_GAP)
    values = np.where(is_reading, trace.glucose[after], np.where(is_missing, np.nan, values))
    is_mmol = trace.is_mmol[after] & (is_reading | trace.is_mmol[before])
    return Grid(begin, interval, values, is_mmol, trace.zone)


def _midnight_before(trace: Trace) -> int:
    """The instant; of two midnights the first."""
    day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(trace.local_days[0]))
    return round(day.replace(tzinfo=trace.zone).timestamp() * 1000)
