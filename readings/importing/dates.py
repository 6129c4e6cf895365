"""Whether 03/04/2026 is in March or in April: decided from the whole file where it shows that, otherwise asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

NUMERIC_DATE = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4})(?=[ ,T]|$)", re.ASCII)


class DateOrder(StrEnum):
    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


def numeric_date(text: str, order: DateOrder) -> date | None:
    """None where the text is no such date, or none that exists in this order."""
    match = NUMERIC_DATE.match(text)
    if match is None:
        return None
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    day, month = (first, second) if order is DateOrder.DAY_FIRST else (second, first)
    try:
        return date(year, month, day)
    except ValueError:
        return None


@dataclass(slots=True)
class Period:
    """The dates of a file read in one order, as they follow each other."""

    order: DateOrder
    first: date = date.max
    last: date = date.min
    impossible: bool = False
    steps_forward: int = 0
    steps_back: int = 0
    steps_of_a_day: int = 0
    _previous: date | None = None

    def add(self, day: date | None) -> None:
        if day is None:
            self.impossible = True
            return
        if self._previous is not None:
            self.steps_forward += day > self._previous
            self.steps_back += day < self._previous
            self.steps_of_a_day += abs(day - self._previous) == timedelta(days=1)
        self._previous = day
        self.first, self.last = min(self.first, day), max(self.last, day)

    @property
    def runs_one_way(self) -> bool:
        return not (self.steps_forward and self.steps_back)


class DateEvidence:
    """Collects the dates of a file that could be read in two ways."""

    def __init__(self, *, today: date) -> None:
        self._latest = today + timedelta(days=1)
        self._previous = ""
        self._same_either_way = True
        self.periods = {order: Period(order) for order in DateOrder}
        self.is_needed = False

    def add(self, text: str) -> None:
        match = NUMERIC_DATE.match(text.lstrip())
        if match is None or match[0] == self._previous:
            return
        self._previous, self.is_needed = match[0], True
        self._same_either_way &= int(match[1]) == int(match[3])
        for order, period in self.periods.items():
            period.add(numeric_date(match[0], order))

    def order(self) -> DateOrder | None:
        """None where the file does not show it: then a person is asked."""
        if self._same_either_way:
            return DateOrder.DAY_FIRST
        for left in (self._existing(), self._past()):
            if len(left) == 1:
                return left[0].order
        return self._by_sequence()

    def _existing(self) -> list[Period]:
        return [period for period in self.periods.values() if not period.impossible]

    def _past(self) -> list[Period]:
        return [period for period in self._existing() if period.last <= self._latest]

    def _by_sequence(self) -> DateOrder | None:
        """Only one of the two runs through the calendar one way, and it skips no more days than the other.

        Without the second half, blocks of two devices, each from the first days of a month, would look like one
        sorted file in the wrong order.
        """
        left = self._past()
        if len(left) != len(DateOrder):
            return None
        sorted_ones = [period for period in left if period.runs_one_way]
        if len(sorted_ones) != 1:
            return None
        chosen = sorted_ones[0]
        enough = all(chosen.steps_of_a_day >= period.steps_of_a_day for period in left)
        return chosen.order if enough else None
