"""A timeline for rules that ask for measurements beside glucose: each of them is an event, as each reading is."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from alerts.engine.trace import HISTORY, MOST_MOMENTS, Event, Measured, Moment, Timeline, silent_after


class EventTimeline:
    """As ``Timeline``, for which it stands where a rule asks for more than glucose. ``readings``: readings and
    measurements together, in the order in which rules look at them."""

    def __init__(self, glucose: Timeline, measured: Iterable[Measured]) -> None:
        self._glucose = glucose
        self._measured = sorted(measured, key=lambda one: one.order)
        self.readings: list[Event] = sorted([*glucose.readings, *self._measured], key=lambda one: one.order)
        self._orders = [event.order for event in self.readings]
        self._times = [event.measured_at for event in self.readings]
        self._measured_times = [one.measured_at for one in self._measured]
        # How many measurements there are before each event.
        counts = (isinstance(event, Measured) for event in self.readings)
        self._measured_before = [0, *itertools.accumulate(counts)]
        self._moments: dict[tuple[datetime, int], Moment] = {}

    def at_reading(self, index: int) -> Moment:
        return self._moment(self._times[index], index + 1)

    def at(self, instant: datetime) -> Moment:
        return self._moment(instant, bisect_right(self._times, instant))

    @cached_property
    def after_last_silence(self) -> int:
        pairs = itertools.pairwise(self.readings)
        silent = (place for place, (before, event) in enumerate(pairs, 1) if event.measured_at >= silent_after(before))
        return max(silent, default=0)

    def first_from(self, order: tuple[datetime, int]) -> int:
        return bisect_left(self._orders, order)

    def _moment(self, at: datetime, end: int) -> Moment:
        moment = self._moments.get((at, end))
        if moment is None:
            if len(self._moments) >= MOST_MOMENTS:
                self._moments.clear()
            upto = self._measured_before[end]
            since = bisect_left(self._measured_times, at - HISTORY, 0, upto)
            moment = replace(self._glucose.moment(at, end - upto), measured=self._measured[since:upto])
            self._moments[at, end] = moment
        return moment
