"""The days one by one, from midnight to midnight by the patient's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from analytics.ranges import STANDARD, RangeLimits, TimesInRanges, count_ranges, in_tight_range, range_places
from analytics.trace import DAY, MINUTE, Floats, Milliseconds, Trace

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class DailyProfile:
    """``minutes``: of the clock since midnight, 0 to 1440 also on a day of 23 or 25 hours; on the latter they go back.
    ``instants``: milliseconds since 1970, by which gaps are told. ``glucose`` in mg/dL, as are mean and extremes."""

    day: date
    instants: Milliseconds
    minutes: Floats
    glucose: Floats
    beyond: NDArray[np.int8]
    times: TimesInRanges
    mean: float
    minimum: float
    maximum: float


def daily_profiles(trace: Trace, limits: RangeLimits = STANDARD) -> list[DailyProfile]:
    """Of each local day with readings, in ascending order."""
    if not len(trace):
        return []
    # Stable, not by runs: where the clock is set back at midnight, the evening before comes once more.
    order = np.argsort(trace.local_days, kind="stable")
    days, first = np.unique(trace.local_days[order], return_index=True)
    places, tight = range_places(trace, limits)[order], in_tight_range(trace)[order]
    minutes = (trace.local[order] % DAY) / MINUTE
    instants, glucose, beyond = trace.instants[order], trace.glucose[order], trace.beyond[order]
    means = np.add.reduceat(glucose, first) / np.diff([*first, len(glucose)])
    lowest, highest = np.minimum.reduceat(glucose, first), np.maximum.reduceat(glucose, first)
    profiles = []
    for place, day in enumerate(days.tolist()):
        part = slice(first[place], first[place + 1] if place + 1 < len(first) else None)
        profile = DailyProfile(
            day=EPOCH + timedelta(days=day),
            instants=instants[part],
            minutes=minutes[part],
            glucose=glucose[part],
            beyond=beyond[part],
            times=count_ranges(places[part], tight[part], limits),
            mean=float(means[place]),
            minimum=float(lowest[place]),
            maximum=float(highest[place]),
        )
        profiles.append(profile)
    return profiles
