"""Readings of one person as arrays: cleaned, ascending, one value an instant. What every metric begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.units import MG_DL_PER_MMOL_L

Milliseconds = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
USUAL_INTERVAL = 5


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound in both units. They are not each other's conversion: a value is compared in the unit it came in."""

    mg_dl: float
    mmol_l: float


@dataclass(frozen=True, eq=False)
class Trace:
    """``instants``: milliseconds since 1970 (UTC), ascending, none twice. ``glucose``: mg/dL.

    ``is_mmol``: came in mmol/L, to one decimal. ``beyond``: -1 where the sensor said "Low", 1 where it said "High"; the
    value is the sensor's bound then. ``zone`` decides what a day and an hour of the day are. Made by ``Trace.of``.
    """

    instants: Milliseconds
    glucose: Floats
    is_mmol: Flags
    beyond: NDArray[np.int8]
    zone: ZoneInfo

    @classmethod
    def of(
        cls,
        instants: ArrayLike,
        glucose: ArrayLike,
        zone: ZoneInfo,
        *,
        is_mmol: ArrayLike | bool = False,
        beyond: ArrayLike | int = 0,
    ) -> Trace:
        """``instants`` in milliseconds since 1970 (UTC); ``glucose`` in mg/dL, also where it came in mmol/L.

        Sorted by instant; values that are no number are left out; of several at one instant the average is taken, as
        R iglu's ``check_data_time`` does. What came in mmol/L is put back to its one decimal, which an integer of mg/dL
        keeps: a tenth is 1.8 mg/dL.
        """
        when = np.asarray(instants, dtype=np.int64)
        values = np.asarray(glucose, dtype=np.float64)
        mmol = np.broadcast_to(np.asarray(is_mmol, dtype=np.bool_), values.shape)
        flags = np.broadcast_to(np.asarray(beyond, dtype=np.int8), values.shape)
        if when.shape != values.shape or when.ndim != 1:
            raise ValueError("instants and glucose are lists of the same length")
        kept = np.flatnonzero(np.isfinite(values))
        kept = kept[np.argsort(when[kept], kind="stable")]
        when, mmol, flags = when[kept], mmol[kept], flags[kept]
        values = np.where(mmol, np.rint(values[kept] / MG_DL_PER_MMOL_L * 10) / 10 * MG_DL_PER_MMOL_L, values[kept])
        return cls(*_one_an_instant(when, values, mmol, flags), zone)

    @classmethod
    def of_datetimes(
        cls,
        instants: Sequence[datetime],
        glucose: ArrayLike,
        zone: ZoneInfo,
        *,
        is_mmol: ArrayLike | bool = False,
        beyond: ArrayLike | int = 0,
    ) -> Trace:
        """As ``of``; a time without a zone is refused (``ValueError``)."""
        if any(instant.tzinfo is None for instant in instants):
            raise ValueError("a time without a zone names no instant")
        return cls.of(
            [round(instant.timestamp() * 1000) for instant in instants], glucose, zone, is_mmol=is_mmol, beyond=beyond
        )

    def __len__(self) -> int:
        return len(self.instants)

    @cached_property
    def interval(self) -> int:
        """Minutes between two readings: the median of the differences, rounded, at least 1; 5 for a single reading."""
        if len(self) < 2:
            return USUAL_INTERVAL
        return max(1, round(float(np.median(np.diff(self.instants))) / MINUTE))

    @cached_property
    def local(self) -> Milliseconds:
        """What the patient's clock showed, in milliseconds since its 1970. It goes back where the clock did."""
        return self.instants + offsets(self.instants, self.zone)

    @cached_property
    def local_days(self) -> NDArray[np.int64]:
        """The calendar day of each reading, in days since 1970."""
        return self.local // DAY

    @cached_property
    def hours_of_day(self) -> NDArray[np.int64]:
        """0 to 23, by the patient's clock."""
        return (self.local % DAY) // HOUR

    @cached_property
    def tenths_of_mmol(self) -> Floats:
        """Tenths of a mmol/L, rounded to whole ones: 100 is 10.0 mmol/L."""
        return np.rint(self.glucose / MG_DL_PER_MMOL_L * 10)

    def below(self, limit: Limit) -> Flags:
        """Which are less than the limit, each compared in the unit it came in."""
        flags: Flags = np.where(
            self.is_mmol, self.tenths_of_mmol < round(limit.mmol_l * 10), self.glucose < limit.mg_dl
        )
        return flags

    def above(self, limit: Limit) -> Flags:
        """Which are more than the limit, each compared in the unit it came in."""
        flags: Flags = np.where(
            self.is_mmol, self.tenths_of_mmol > round(limit.mmol_l * 10), self.glucose > limit.mg_dl
        )
        return flags

    def between(self, since: int, until: int) -> Trace:
        """From ``since`` on and before ``until``, in milliseconds since 1970."""
        begin, end = np.searchsorted(self.instants, (since, until)).tolist()
        if end - begin == len(self):
            return self  # with the days and hours it knows already
        inside = slice(begin, end)
        return Trace(self.instants[inside], self.glucose[inside], self.is_mmol[inside], self.beyond[inside], self.zone)


def offsets(instants: Milliseconds, zone: ZoneInfo) -> Milliseconds:
    """How far the zone's clock is ahead of UTC at ascending instants, in milliseconds.

    Asked at both ends of each UTC day, and for each instant only on days on which it changes.
    """
    days, first = np.unique(instants // DAY, return_index=True)
    ahead = np.empty(len(instants), dtype=np.int64)
    ends = np.append(first[1:], len(instants))[: len(first)]
    for day, begin, end in zip(days.tolist(), first.tolist(), ends.tolist(), strict=True):
        before, after = _offset_of_day(day, zone), _offset_of_day(day + 1, zone)
        if before == after:
            ahead[begin:end] = before
        else:
            ahead[begin:end] = [_offset(instant, zone) for instant in instants[begin:end].tolist()]
    return ahead


@lru_cache(maxsize=1 << 14)
def _offset_of_day(day: int, zone: ZoneInfo) -> int:
    return _offset(day * DAY, zone)


def _offset(instant: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(instant / 1000, UTC).astimezone(zone).utcoffset()
    return round(offset.total_seconds() * 1000) if offset else 0


def _one_an_instant(
    when: Milliseconds, values: Floats, mmol: Flags, flags: NDArray[np.int8]
) -> tuple[Milliseconds, Floats, Flags, NDArray[np.int8]]:
    """An average of two units, or of a bound and a value, is neither in mmol/L nor beyond."""
    unique, first, counts = np.unique(when, return_index=True, return_counts=True)
    if len(unique) == len(when):
        return when, values, mmol, flags
    means = np.add.reduceat(values, first) / counts
    all_mmol = np.logical_and.reduceat(mmol, first)
    lowest, highest = np.minimum.reduceat(flags, first), np.maximum.reduceat(flags, first)
    return unique, means, all_mmol, np.where(lowest == highest, lowest, 0).astype(np.int8)
