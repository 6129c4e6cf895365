"""Conditions about the hour and about other alarms."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from alerts.engine.conditions import words
from alerts.engine.conditions.node import Look, Memory, Node, Truth
from alerts.engine.trace import ALARMING, Moment

Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class TimeOfDay(Node):
    """By the clock on the patient's wall, or in ``time_zone``: from the first minute on, before the second."""

    type: Literal["timeOfDay"] = "timeOfDay"
    start: Clock = Field(alias="from")
    until: Clock
    time_zone: str | None = None
    follows_the_clock: ClassVar[bool] = True
    reads_readings: ClassVar[bool] = False

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        # ZoneInfo itself opens files, and on some systems Europe/berlin is one: there the rule would work, here not.
        if name is not None and name not in _zone_names().values():
            meant = _zone_names().get(name.lower())
            hint = f"but {meant} is" if meant else "names are like Europe/Berlin"
            raise ValueError(f"{name} is not a time zone, {hint}")
        return name

    @model_validator(mode="after")
    def _is_part_of_a_day(self) -> TimeOfDay:
        if self.start == self.until:
            raise ValueError(f"from and until are both {self.start}; for the whole day leave the time of day out")
        return self

    @cached_property
    def bounds(self) -> tuple[int, int]:
        """In minutes after midnight."""
        start, until = (int(text[:2]) * 60 + int(text[3:]) for text in (self.start, self.until))
        return start, until

    @cached_property
    def own_zone(self) -> ZoneInfo | None:
        return None if self.time_zone is None else ZoneInfo(self.time_zone)

    def truth(self, look: Look, path: str) -> Truth:
        start, until = self.bounds
        local = self._local(look.moment)
        minute = local.hour * 60 + local.minute
        return start <= minute < until if start < until else minute >= start or minute < until

    def changes(self, moment: Moment, memory: Memory, path: str) -> Iterator[datetime]:
        local = self._local(moment)
        for date in (local.date(), local.date() + timedelta(days=1)):
            for minutes in self.bounds:
                clock = datetime(date.year, date.month, date.day, minutes // 60, minutes % 60, tzinfo=local.tzinfo)
                yield clock.astimezone(UTC)
        if local.utcoffset() != (local + timedelta(days=1)).utcoffset():
            # Clocks change within a day, and may jump over a bound.
            yield moment.at + timedelta(minutes=15)

    def _local(self, moment: Moment) -> datetime:
        return moment.at.astimezone(self.own_zone or moment.zone)

    def words(self, unit: str) -> str:
        zone = f" ({self.time_zone})" if self.time_zone else ""
        return f"between {self.start} and {self.until}{zone}"


class Alert(Node):
    """Another rule of the patient alarms, or nobody has acknowledged it, for so long. This makes escalation a rule."""

    type: Literal["alert"] = "alert"
    rule: str = Field(pattern=r"^[A-Za-z0-9_-]{1,50}$")
    status: Literal["active", "unacknowledged"] = Field(alias="is")
    for_minutes: int = Field(default=0, ge=0, le=1440)
    follows_the_clock: ClassVar[bool] = True
    reads_readings: ClassVar[bool] = False

    def truth(self, look: Look, path: str) -> Truth:
        other = look.moment.alerts.get(self.rule)
        if other is None or other.state not in ALARMING:
            return False
        if self.status == "unacknowledged" and other.is_acknowledged:
            return False
        return look.moment.at - other.since >= timedelta(minutes=self.for_minutes)

    def changes(self, moment: Moment, memory: Memory, path: str) -> Iterator[datetime]:
        other = moment.alerts.get(self.rule)
        if other is not None:
            yield other.since + timedelta(minutes=self.for_minutes)

    def words(self, unit: str) -> str:
        said = f"the alarm {self.rule} {self.status}"
        return f"{said} for {words.minutes(self.for_minutes)}" if self.for_minutes else said


@lru_cache(maxsize=1)
def _zone_names() -> dict[str, str]:
    """By the name in small letters."""
    return {name.lower(): name for name in zoneinfo.available_timezones()}
