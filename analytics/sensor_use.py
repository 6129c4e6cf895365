"""How much of the time there are readings of, and what that allows to say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analytics.trace import DAY, MINUTE, Floats, Milliseconds, Trace

MINUTES_OF_DAY = DAY // MINUTE
# No sensor in use measures less often; a longer interval is that of somebody who measures by hand.
LONGEST_INTERVAL = 15
# Fewer differences than these do not show a day's interval.
FEWEST_DIFFERENCES = 12

ENOUGH_PERCENT, ENOUGH_DAYS = 70.0, 14
DAYS_FOR_LOWS_AND_CV = 28
AGP_DAYS, AGP_MINUTES_OF_DAY = 7, 60


@dataclass(frozen=True, slots=True)
class SensorUse:
    """``active_percent``: of the time from the first reading to the last (the sheet's "time CGM active").
    ``active_percent_of_window``: of the window that was asked for; sufficiency goes by it. None without readings, and
    the latter 0. ``days``: calendar days from the first to the last by the patient's clock, both included.
    ``first``, ``last``: milliseconds since 1970. ``minutes_of_days``: covered on each day with readings, in order.
    """

    active_percent: float | None
    active_percent_of_window: float
    window_minutes: float
    days: int
    days_with_data: int
    first: int | None
    last: int | None
    minutes_of_days: tuple[float, ...]

    @property
    def minutes(self) -> float:
        return sum(self.minutes_of_days)


class Shortfall(StrEnum):
    NO_READINGS = "no_readings"
    LESS_THAN_A_DAY = "less_than_a_day"
    SHORT_WINDOW = "short_window"
    LESS_THAN_70_PERCENT = "less_than_70_percent"
    FEW_GOOD_DAYS = "few_good_days"


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """``is_sufficient``: for statements such as GMI and time in range: 14 days or more, 70 % of them (Riddlesworth
    2018, 10.1089/dia.2017.0455). ``sections_allowed``, ``agp_allowed``: what a report draws at all.
    ``lows_and_cv_allowed``: without a note beside them that they need 28 days (10.1089/dia.2023.0476).
    ``reasons``: why something is not, the gravest first.
    """

    is_sufficient: bool
    sections_allowed: bool
    agp_allowed: bool
    lows_and_cv_allowed: bool
    reasons: tuple[Shortfall, ...]


def sensor_use(trace: Trace, since: int, until: int) -> SensorUse:
    """Of the readings from ``since`` on and before ``until``, in milliseconds since 1970.

    A reading stands for the interval of its day, so that a change from a sensor of 15 minutes to one of 1 minute counts
    both fully. Percent of wear: minutes covered over whole minutes from first to last plus one interval (tidepool-org
    viz); of the window: minutes covered over the window's. Neither is shown above 100.
    """
    if until <= since:
        raise ValueError("a window ends after it begins")
    trace = trace.between(since, until)
    window_minutes = (until - since) / MINUTE
    if not len(trace):
        return SensorUse(None, 0.0, window_minutes, 0, 0, None, None, ())
    first, last = int(trace.instants[0]), int(trace.instants[-1])
    intervals, covered = _days(trace)
    minutes = float(covered.sum())
    worn = -(-(last - first) // MINUTE) + float(intervals[-1])
    return SensorUse(
        active_percent=min(100 * minutes / worn, 100.0),
        active_percent_of_window=min(100 * minutes / window_minutes, 100.0),
        window_minutes=window_minutes,
        days=int(trace.local_days.max() - trace.local_days.min()) + 1,
        days_with_data=len(covered),
        first=first,
        last=last,
        minutes_of_days=tuple(covered.tolist()),
    )


def sufficiency(use: SensorUse) -> Sufficiency:
    """By the rules of the consensus, and by those of the sheet as tidepool-org viz draws it.

    The latter: less than 24 hours of readings show nothing, 24 hours need 70 % of wear; the curve needs 7 days with an
    hour or more, of which the 7 best are covered by 70 %.
    """
    more_than_a_day = use.minutes > MINUTES_OF_DAY
    well_worn = (use.active_percent or 0.0) >= ENOUGH_PERCENT
    is_day = more_than_a_day or (use.minutes == MINUTES_OF_DAY and well_worn)
    is_long = use.window_minutes >= _shortest_minutes(ENOUGH_DAYS)
    is_dense = use.active_percent_of_window >= ENOUGH_PERCENT
    has_good_days = more_than_a_day and _has_good_days(use.minutes_of_days)
    checks = (
        (use.first is not None, Shortfall.NO_READINGS),
        (is_day, Shortfall.LESS_THAN_A_DAY),
        (is_long, Shortfall.SHORT_WINDOW),
        (is_dense, Shortfall.LESS_THAN_70_PERCENT),
        (has_good_days, Shortfall.FEW_GOOD_DAYS),
    )
    return Sufficiency(
        is_sufficient=is_day and is_long and is_dense,
        sections_allowed=is_day,
        agp_allowed=has_good_days,
        lows_and_cv_allowed=is_dense and use.window_minutes >= _shortest_minutes(DAYS_FOR_LOWS_AND_CV),
        reasons=tuple(reason for is_met, reason in checks if not is_met),
    )


def _shortest_minutes(days: int) -> float:
    """In spring, days by the patient's clock have an hour less among them."""
    return days * MINUTES_OF_DAY - 60


def _has_good_days(minutes_of_days: tuple[float, ...]) -> bool:
    good = sorted((minutes for minutes in minutes_of_days if minutes >= AGP_MINUTES_OF_DAY), reverse=True)[:AGP_DAYS]
    if len(good) < AGP_DAYS:
        return False
    return 100 * sum(good) / (AGP_DAYS * MINUTES_OF_DAY) >= ENOUGH_PERCENT


def _days(trace: Trace) -> tuple[Milliseconds, Floats]:
    """For each local day with readings: the interval in minutes, and the minutes its readings stand for."""
    days = np.sort(trace.local_days)
    first = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
    ends = [*first[1:].tolist(), len(days)]
    intervals = np.array([_interval(trace, begin, end) for begin, end in zip(first.tolist(), ends, strict=True)])
    return intervals, np.diff([*first, len(days)]) * intervals.astype(np.float64)


def _interval(trace: Trace, begin: int, end: int) -> int:
    differences = np.diff(trace.instants[begin:end])
    if len(differences) < FEWEST_DIFFERENCES:
        return min(trace.interval, LONGEST_INTERVAL)
    # Half of numpy's median, which looks for NaN: the middle one is near enough to round to a minute.
    middle = np.partition(differences, len(differences) // 2)[len(differences) // 2]
    return min(max(1, round(int(middle) / MINUTE)), LONGEST_INTERVAL)
