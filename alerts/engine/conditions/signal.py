"""Conditions about what measures: whether anything comes, and whether it can be believed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import Field

from alerts.engine.conditions import words
from alerts.engine.conditions.node import Look, Memory, Node, Truth
from alerts.engine.trace import LAG_TOLERANCE, RUN_GAP, Moment, Reading

QUALITY = {"fair": 3, "poor": 4}
MEASURABLE = range(40, 401)

# As oref0 has them: lower values are often level for long, and this is how little a stuck sensor changes.
FLAT_ABOVE = 60
FLAT_CHANGE_PER_MINUTE = 1 / 5
FLAT_RECENT = timedelta(minutes=15)
# A sensor that was just put on finds its level by jumps.
SETTLES_FOR = timedelta(hours=1)
LATE_BY = timedelta(minutes=2, seconds=30)


class NoReadingFor(Node):
    """The newest reading that came in time is at least so old. Unknown, so never an alarm, before a first.

    Where all sources lag, "so old" is their lag and an hour more, and that is never urgent: nobody at the bedside is
    helped by what happened hours ago.
    """

    type: Literal["noReadingFor"] = "noReadingFor"
    minutes: int = Field(ge=15, le=1440)
    follows_the_clock: ClassVar[bool] = True

    def truth(self, look: Look, path: str) -> Truth:
        since = _heard_until(look.moment, look.memory, path)
        if since is None:
            return None
        newest = look.moment.newest
        if newest is not None and newest.measured_at > since:
            # It came too late and is newer: all that the next look finds.
            look.memory[path] = since.isoformat()
        else:
            look.memory.pop(path, None)
        if look.moment.lag and look.is_urgent:
            return False
        return look.moment.at - since >= _longest_silence(self.minutes, look.moment.lag)

    def changes(self, moment: Moment, memory: Memory, path: str) -> Iterator[datetime]:
        since = _heard_until(moment, memory, path)
        if since is not None:
            yield since + _longest_silence(self.minutes, moment.lag)

    def words(self, unit: str) -> str:
        return f"no reading for {words.minutes(self.minutes)}"


class DeviceOffline(Node):
    """The current device was last heard of so long ago; one that lags: its lag and an hour more, and never urgently.
    Unknown before its first contact."""

    type: Literal["deviceOffline"] = "deviceOffline"
    minutes: int = Field(ge=5, le=1440)
    follows_the_clock: ClassVar[bool] = True

    def truth(self, look: Look, path: str) -> Truth:
        contact = _last_contact(look.moment)
        if contact is None:
            return None
        heard_at, lag = contact
        if lag and look.is_urgent:
            return False
        return look.moment.at - heard_at >= _longest_silence(self.minutes, lag)

    def changes(self, moment: Moment, memory: Memory, path: str) -> Iterator[datetime]:
        contact = _last_contact(moment)
        if contact is not None:
            heard_at, lag = contact
            yield heard_at + _longest_silence(self.minutes, lag)

    def words(self, unit: str) -> str:
        return f"device offline for {words.minutes(self.minutes)}"


class Battery(Node):
    """By the newest reading that tells: a battery is not fuller because one did not."""

    type: Literal["battery"] = "battery"
    below_percent: int = Field(ge=1, le=100)

    def truth(self, look: Look, path: str) -> Truth:
        for reading in reversed(look.moment.readings):
            if reading.battery_level is not None:
                return reading.battery_level < self.below_percent + look.margin
        return None

    def words(self, unit: str) -> str:
        return f"battery below {self.below_percent} %"


class Quality(Node):
    """The newest reading is of this quality or worse."""

    type: Literal["quality"] = "quality"
    at_most: Literal["fair", "poor"]

    def truth(self, look: Look, path: str) -> Truth:
        reading = look.moment.current
        if reading is None or reading.quality is None:
            return None
        return reading.quality >= QUALITY[self.at_most]

    def words(self, unit: str) -> str:
        return "signal quality poor" if self.at_most == "poor" else "signal quality fair or poor"


class FlatLine(Node):
    """Stuck above 60 mg/dL: no change at last, and hardly any in the last 15 and ``minutes`` minutes.

    A row of "Low" or "High" is no flat line: the sensor is at its end, not stuck.
    """

    type: Literal["flatLine"] = "flatLine"
    minutes: int = Field(default=45, ge=30, le=50)

    def truth(self, look: Look, path: str) -> Truth:
        newest = look.moment.current
        if newest is None:
            return None
        if newest.glucose <= FLAT_ABOVE or newest.glucose not in MEASURABLE:
            return False
        long = _last(look.moment.of_one_device, timedelta(minutes=self.minutes))
        if long is None:
            return None
        recent = _last(long, FLAT_RECENT) or long
        return long[-1].glucose == long[-2].glucose and all(_is_level(part) for part in (recent, long))

    def words(self, unit: str) -> str:
        return f"the same value for {words.minutes(self.minutes)}"


class Jump(Node):
    """Faster between the last two readings than glucose in a body changes. Not in a sensor's first hour."""

    type: Literal["jump"] = "jump"
    mgdl_per_minute: float = Field(ge=2, le=20)

    def truth(self, look: Look, path: str) -> Truth:
        change = look.moment.last_step
        if change is None:
            return None
        worn_for = look.moment.worn_for
        return abs(change) > self.mgdl_per_minute and (worn_for is None or worn_for >= SETTLES_FOR)

    def words(self, unit: str) -> str:
        return f"a jump of more than {words.rate(self.mgdl_per_minute, unit)}"


def _heard_until(moment: Moment, memory: Memory, path: str) -> datetime | None:
    known = [datetime.fromisoformat(memory[path])] if path in memory else []
    newest = moment.newest_timely
    return max(known if newest is None else [*known, newest.measured_at], default=None)


def _longest_silence(minutes: int, lag: timedelta) -> timedelta:
    return max(timedelta(minutes=minutes), lag + LAG_TOLERANCE if lag else timedelta())


def _last_contact(moment: Moment) -> tuple[datetime, timedelta] | None:
    """When the current device was heard of, and how far it lags."""
    devices = moment.devices.values()
    contacts = [(one.last_contact_at, one.lag) for one in devices if one.is_current and one.last_contact_at]
    return max(contacts, default=None)


def _last(readings: Sequence[Reading], span: timedelta) -> Sequence[Reading] | None:
    """Those of the last ``span``; None where they do not reach back so far, or have a gap."""
    since = readings[-1].measured_at - span - LATE_BY
    part = [reading for reading in readings if reading.measured_at >= since]
    if len(part) < 2 or part[-1].measured_at - part[0].measured_at < span - LATE_BY:
        return None
    if any(later.measured_at - earlier.measured_at > RUN_GAP for earlier, later in itertools.pairwise(part)):
        return None
    return part


def _is_level(readings: Sequence[Reading]) -> bool:
    changes = sum(abs(later.glucose - earlier.glucose) for earlier, later in itertools.pairwise(readings))
    minutes = (readings[-1].measured_at - readings[0].measured_at).total_seconds() / 60
    return changes / minutes < FLAT_CHANGE_PER_MINUTE
