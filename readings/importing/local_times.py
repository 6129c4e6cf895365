"""From what a clock on the wall showed to the instant, over the hours in which clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from readings.importing.values import CellRefused


class LocalTimes:
    """The clock of one patient, read in the file's order.

    An hour that was skipped did not exist and is refused. An hour that happened twice is read in the file's order: in a
    file that runs forward the first pass lasts until the times step back, in one that runs backward the second pass
    lasts until they step forward. A file that only begins within such an hour is taken to be in its first pass.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._previous: datetime | None = None
        self._backward = False
        self._fold: int | None = None

    def instant(self, time: datetime) -> datetime:
        """In UTC. Raises CellRefused for a time that does not exist."""
        if time.tzinfo is not None:
            return time.astimezone(UTC)
        first, second = (time.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first == second:
            self._remember(time, fold=None)
            return first
        if first.astimezone(self._zone).replace(tzinfo=None) != time:
            raise CellRefused(f"{time} does not exist in {self._zone.key}: the clocks were set forward over it")
        self._remember(time, fold=self._pass_of(time))
        return second if self._fold else first

    def _pass_of(self, time: datetime) -> int:
        if self._fold is None or self._previous is None or self._previous.date() != time.date():
            return int(self._backward)
        if self._backward:
            return 0 if time > self._previous else self._fold
        return 1 if time < self._previous else self._fold

    def _remember(self, time: datetime, *, fold: int | None) -> None:
        if fold is None and self._previous is not None and time != self._previous:
            self._backward = time < self._previous
        self._previous, self._fold = time, fold
