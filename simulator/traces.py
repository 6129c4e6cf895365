"""What the sensor of a virtual person shows at any time, the same whenever it is asked for.

A body's past reaches about a day back. So each local day is made from the basal state of the midnight before the last,
apart from all other days, and the last hours of a day go over into the day that follows. Any span can be made in any
pieces, and they fit together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from simulator.physiology import STEP_MINUTES, Person, measure, simulate
from simulator.physiology.sensor import HIGH_CODE, HIGHEST, LOW_CODE, LOWEST

STEP = STEP_MINUTES * 60
DAY = 86_400
BLENDED = 3 * 3_600
# So many days of people at once: more would not be faster, and take memory.
AT_ONCE = 600

Seconds = NDArray[np.int64]
Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wearer:
    person: Person
    zone: ZoneInfo

    def midnight(self, day: date) -> int:
        return int(datetime.combine(day, time(), tzinfo=self.zone).timestamp())

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Trace:
    """``seconds`` since 1970, and the level at each: mg/dL, not yet cut to what a sensor can show."""

    seconds: Seconds
    levels: Levels

    def readings(self) -> Iterator[tuple[datetime, int, int]]:
        """Instant, value and flag; beyond a sensor's range the value is the code 39 or 401 and the flag -1 or 1."""
        for second, level in zip(self.seconds.tolist(), np.rint(self.levels).astype(int).tolist(), strict=True):
            flag = -1 if level < LOWEST else 1 if level > HIGHEST else 0
            value = {-1: LOW_CODE, 0: level, 1: HIGH_CODE}[flag]
            yield datetime.fromtimestamp(second, tz=UTC), value, flag


@dataclass(frozen=True, slots=True)
class _Window:
    """The day before and the day itself, every 5 minutes from ``begin`` on."""

    begin: int
    levels: Levels
    is_shown: NDArray[np.bool_]

    def at(self, seconds: Seconds) -> Levels:
        return np.asarray(np.interp((seconds - self.begin) / STEP, np.arange(len(self.levels)), self.levels))

    def shows(self, seconds: Seconds) -> NDArray[np.bool_]:
        return self.is_shown[np.clip((seconds - self.begin) // STEP, 0, len(self.is_shown) - 1)]


class Traces:
    """Days are made when they are asked for first; ``prepare`` makes those of many people at once, which is faster."""

    def __init__(self) -> None:
        self._windows: dict[tuple[Wearer, date], _Window] = {}

    def prepare(self, wearers: Iterable[Wearer], since: datetime, until: datetime) -> None:
        wanted = [(wearer, day) for wearer in dict.fromkeys(wearers) for day in _days(wearer, since, until)]
        missing = [each for each in wanted if each not in self._windows]
        for start in range(0, len(missing), AT_ONCE):
            self._make(missing[start : start + AT_ONCE])

    def forget(self) -> None:
        self._windows.clear()

    def trace(self, wearer: Wearer, since: datetime, until: datetime, *, step: int = STEP) -> Trace:
        """A reading every ``step`` seconds from ``since`` on and before ``until``, save where the sensor shows none."""
        phase = wearer.person.seed * 37 % step
        first = -(-(int(since.timestamp()) - phase) // step) * step + phase
        return self.at(wearer, np.arange(first, int(np.ceil(until.timestamp())), step, dtype=np.int64))

    def at(self, wearer: Wearer, seconds: Seconds) -> Trace:
        if seconds.size == 0:
            return Trace(seconds, np.zeros(0))
        since, until = (datetime.fromtimestamp(int(end), tz=UTC) for end in (seconds[0], seconds[-1]))
        self.prepare([wearer], since, until)
        pieces = [self._of_day(wearer, day, seconds) for day in _days(wearer, since, until)[:-1]]
        return Trace(*(np.concatenate(parts) for parts in zip(*pieces, strict=True)))

    def _of_day(self, wearer: Wearer, day: date, seconds: Seconds) -> tuple[Seconds, Levels]:
        begin, end = wearer.midnight(day), wearer.midnight(day + timedelta(days=1))
        mine = seconds[(seconds >= begin) & (seconds < end)]
        today, tomorrow = self._windows[wearer, day], self._windows[wearer, day + timedelta(days=1)]
        # A day of 25 hours ends with what tomorrow's window begins with.
        over = min(end, begin + DAY)
        share = np.clip((mine - (over - BLENDED)) / BLENDED, 0, 1)
        levels = (1 - share) * today.at(mine) + share * tomorrow.at(mine)
        shown = np.where(mine < over, today.shows(mine), tomorrow.shows(mine))
        return mine[shown], levels[shown]

    def _make(self, wanted: Sequence[tuple[Wearer, date]]) -> None:
        people = [wearer.person for wearer, _ in wanted]
        firsts = [day.toordinal() - 1 for _, day in wanted]
        course = simulate(people, days=2, first_days=firsts)
        signal = measure(people, course.tissue, first_days=firsts)
        for place, (wearer, day) in enumerate(wanted):
            self._windows[wearer, day] = _Window(
                wearer.midnight(day) - DAY, signal.levels[:, place].copy(), signal.is_shown[:, place].copy()
            )


def _days(wearer: Wearer, since: datetime, until: datetime) -> list[date]:
    """From the day of ``since`` to the one after that of ``until``, which its last hours need."""
    first, last = wearer.day_of(since), wearer.day_of(until)
    return [first + timedelta(days=number) for number in range((last - first).days + 2)]
