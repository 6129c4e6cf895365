"""What a rule looks at: one patient's readings and surroundings, at one instant."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import ClassVar
from zoneinfo import ZoneInfo

from analytics.forecast import slope

# A reading that was older on arrival never alarms, and none says anything about the present for longer.
FRESH_FOR = timedelta(minutes=15)
# A sensor that measures every 15 minutes is sometimes a little late: only a longer silence ends what went on before.
RUN_GAP = timedelta(minutes=20)
HISTORY = timedelta(minutes=60)
# A source that lags is silent, or its device offline, so much later than it usually tells.
LAG_TOLERANCE = timedelta(minutes=60)
MOST_MOMENTS = 1000

# Two values closer together than a minute differ by noise.
SHORTEST_STEP = timedelta(minutes=1)
LONGEST_STEP = timedelta(minutes=15)


class State(StrEnum):
    """Of a rule in a patient. Confirming and later: an episode is open."""

    IDLE = "idle"
    CONFIRMING = "confirming"
    ACTIVE = "active"
    HYSTERESIS = "hysteresis"


ALARMING = frozenset({State.ACTIVE, State.HYSTERESIS})


@dataclass(frozen=True, slots=True)
class Reading:
    """Times are aware; ``glucose`` in mg/dL, where 39 means "Low" and 401 "High"; ``quality`` 1 is best, 4 worst."""

    measured_at: datetime
    glucose: int
    device_id: int
    received_at: datetime
    quality: int | None = None
    battery_level: int | None = None
    is_copy: bool = False

    @property
    def is_fresh(self) -> bool:
        return self.received_at - self.measured_at <= FRESH_FOR

    @property
    def order(self) -> tuple[datetime, int]:
        return self.measured_at, self.device_id


@dataclass(frozen=True, slots=True)
class Measured:
    """A measurement beside continuous glucose, in its kind's canonical unit; ``metric`` and ``source``: numbers."""

    measured_at: datetime
    metric: int
    value: float
    second_value: float | None
    source: int
    received_at: datetime

    is_copy: ClassVar[bool] = False

    @property
    def is_fresh(self) -> bool:
        return self.received_at - self.measured_at <= FRESH_FOR

    @property
    def order(self) -> tuple[datetime, int]:
        """Before readings of the same instant; devices have positive numbers. It fits into a JSON number."""
        return self.measured_at, -1 - (self.metric << 40 | self.source & 0xFF_FFFF_FFFF)

    def part(self, number: int) -> float:
        return self.value if number == 0 or self.second_value is None else self.second_value


Event = Reading | Measured


@dataclass(frozen=True, slots=True)
class DeviceContact:
    """A device that is assigned to the patient; the current one is the one that should be measuring.

    ``lag``: how much later than measured its readings come; zero: it measures live. ``worn_since``: None where that is
    not known, as of an account in which one sensor follows the other.
    """

    last_contact_at: datetime | None
    is_current: bool
    lag: timedelta = timedelta()
    worn_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class OtherAlert:
    """The open episode of another rule; ``since`` it is active."""

    state: State
    since: datetime
    is_acknowledged: bool = False


@dataclass(frozen=True)
class Moment:
    """One instant at which rules are looked at.

    ``readings``: ascending, none later than ``at``, without copies, of about the last hour; the newest is among them
    however old it is. ``alerts``: by the code of the rule. ``earlier``: what is known from before those,
    newest first, to be asked once. ``measured``: what was measured beside glucose in the last hour, ascending, in
    moments of a timeline that has any.
    """

    at: datetime
    readings: Sequence[Reading]
    zone: ZoneInfo
    devices: Mapping[int, DeviceContact] = field(default_factory=dict)
    alerts: Mapping[str, OtherAlert] = field(default_factory=dict)
    earlier: Iterable[Reading] = ()
    measured: Sequence[Measured] = ()

    @cached_property
    def newest(self) -> Reading | None:
        return self.readings[-1] if self.readings else None

    @cached_property
    def lag(self) -> timedelta:
        """Zero where one of the devices measures live, or nothing is known of them; else that of the quickest."""
        heard_of = (device.lag for device in self.devices.values() if device.last_contact_at is not None)
        return min(heard_of, default=timedelta())

    @cached_property
    def newest_timely(self) -> Reading | None:
        """The newest that came while it said something, or as soon as a source that lags can tell: from it on it is
        silent. Imports of the past break no silence, and begin none."""
        longest = self.lag + LAG_TOLERANCE if self.lag else FRESH_FOR
        known = itertools.chain(reversed(self.readings), self.earlier)
        return next((one for one in known if one.received_at - one.measured_at <= longest), None)

    @cached_property
    def current(self) -> Reading | None:
        """The newest reading while it says something about this instant."""
        newest = self.newest
        return newest if newest is not None and self.at - newest.measured_at <= FRESH_FOR else None

    def current_measured(self, metric: int) -> Measured | None:
        """The newest of a kind while it says something about this instant."""
        newest = self.newest_measured(metric)
        return newest if newest is not None and self.at - newest.measured_at <= FRESH_FOR else None

    def newest_measured(self, metric: int) -> Measured | None:
        return next((one for one in reversed(self.measured) if one.metric == metric), None)

    @cached_property
    def is_silent(self) -> bool:
        """No reading for so long that nothing can be said to have gone on."""
        return self.newest is None or self.at - self.newest.measured_at > RUN_GAP

    @cached_property
    def of_one_device(self) -> Sequence[Reading]:
        """Those of the device that measured last: a trend across two sensors is the difference between them."""
        if self.newest is None:
            return ()
        device = self.newest.device_id
        if all(reading.device_id == device for reading in self.readings):
            return self.readings
        return tuple(reading for reading in self.readings if reading.device_id == device)

    @cached_property
    def worn_for(self) -> timedelta | None:
        """How long the device that measured last has been on this patient; None: not known."""
        device = self.devices.get(self.newest.device_id) if self.newest is not None else None
        if self.newest is None or device is None or device.worn_since is None:
            return None
        return self.newest.measured_at - device.worn_since

    @cached_property
    def slope(self) -> float | None:
        """mg/dL/min over 15 minutes."""
        return slope(self.of_one_device, self.at)

    @cached_property
    def last_step(self) -> float | None:
        """mg/dL/min from the reading before, which is one to 15 minutes older."""
        newest = self.current
        if newest is None:
            return None
        for reading in reversed(self.of_one_device[:-1]):
            apart = newest.measured_at - reading.measured_at
            if apart > LONGEST_STEP:
                return None
            if apart >= SHORTEST_STEP:
                return (newest.glucose - reading.glucose) / (apart.total_seconds() / 60)
        return None


def silent_after(reading: Event) -> datetime:
    """The first instant at which ``Moment.is_silent`` if no other reading comes."""
    return reading.measured_at + RUN_GAP + timedelta(milliseconds=1)


class Timeline:
    """All that is known of a patient's readings; gives the moments, each made once for all rules."""

    def __init__(
        self,
        readings: Iterable[Reading],
        zone: ZoneInfo,
        devices: Mapping[int, DeviceContact] | None = None,
        alerts: Mapping[str, OtherAlert] | None = None,
    ) -> None:
        canonical = {reading.order: reading for reading in readings if not reading.is_copy}
        self.readings = [canonical[order] for order in sorted(canonical)]
        self.zone = zone
        self.devices = devices or {}
        self.alerts = alerts or {}
        self._orders = [reading.order for reading in self.readings]
        self._times = [reading.measured_at for reading in self.readings]
        self._moments: dict[tuple[datetime, int], Moment] = {}

    def at_reading(self, index: int) -> Moment:
        """The instant of a reading, before any that another device measured at the same instant and counts later."""
        return self.moment(self._times[index], index + 1)

    def at(self, instant: datetime) -> Moment:
        return self.moment(instant, bisect_right(self._times, instant))

    @cached_property
    def after_last_silence(self) -> int:
        """The index of the newest reading that a long gap came before; 0: none did."""
        pairs = itertools.pairwise(self.readings)
        silent = (
            index for index, (earlier, later) in enumerate(pairs, 1) if later.measured_at >= silent_after(earlier)
        )
        return max(silent, default=0)

    def first_from(self, order: tuple[datetime, int]) -> int:
        """The index of the first reading that is not before ``order``."""
        return bisect_left(self._orders, order)

    def moment(self, at: datetime, end: int) -> Moment:
        """At an instant, with the first ``end`` readings."""
        moment = self._moments.get((at, end))
        if moment is None:
            # The rules of a patient look at the same few; a replay passes thousands once.
            if len(self._moments) >= MOST_MOMENTS:
                self._moments.clear()
            start = min(bisect_left(self._times, at - HISTORY, 0, end), max(end - 1, 0))
            earlier = (self.readings[place] for place in range(start - 1, -1, -1))
            moment = Moment(at, self.readings[start:end], self.zone, self.devices, self.alerts, earlier)
            self._moments[at, end] = moment
        return moment
