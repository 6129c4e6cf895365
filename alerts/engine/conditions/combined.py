"""Conditions made of conditions, in three-valued logic: what cannot be known decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from alerts.engine.conditions import words
from alerts.engine.conditions.glucose import (
    Above,
    AtOrAbove,
    AtOrBelow,
    Below,
    Between,
    Outside,
    PredictedAbove,
    PredictedBelow,
    Rate,
)
from alerts.engine.conditions.node import (
    Look,
    Memory,
    Node,
    Truth,
    has_gap,
    last_instants,
    metrics_of,
    needs_ticks,
    reads_readings,
)
from alerts.engine.conditions.signal import Battery, DeviceOffline, FlatLine, Jump, NoReadingFor, Quality
from alerts.engine.conditions.surroundings import Alert, TimeOfDay
from alerts.engine.conditions.vital import Vital
from alerts.engine.trace import Moment


class Several(Node):
    of: list[Condition] = Field(min_length=1)
    joined_by: ClassVar[str]
    reads_readings: ClassVar[bool] = False

    def children(self) -> Sequence[Node]:
        return self.of

    def truths(self, look: Look, path: str) -> list[Truth]:
        # Each of them, also where the first decides: they remember since when they hold.
        return [child.truth(look, f"{path}.{place}") for place, child in enumerate(self.of)]

    def words(self, unit: str) -> str:
        return self.joined_by.join(_as_part(child, unit) for child in self.of)


class All(Several):
    type: Literal["all"] = "all"
    joined_by: ClassVar[str] = ", "

    def truth(self, look: Look, path: str) -> Truth:
        truths = self.truths(look, path)
        if False in truths:
            return False
        return None if None in truths else True


class Any(Several):
    type: Literal["any"] = "any"
    joined_by: ClassVar[str] = " or "

    def truth(self, look: Look, path: str) -> Truth:
        truths = self.truths(look, path)
        if True in truths:
            return True
        return None if None in truths else False


class Not(Node):
    type: Literal["not"] = "not"
    of: Condition
    reads_readings: ClassVar[bool] = False

    def children(self) -> Sequence[Node]:
        return (self.of,)

    def truth(self, look: Look, path: str) -> Truth:
        # What makes "not x" easier to hold makes x harder.
        inner = Look(look.moment, look.memory, -look.margin, is_urgent=look.is_urgent)
        truth = self.of.truth(inner, f"{path}.0")
        return None if truth is None else not truth

    def words(self, unit: str) -> str:
        return f"not {_as_part(self.of, unit)}"


class Sustained(Node):
    """True for so long without a break; a silence of more than 20 minutes is one.

    By the times of readings, save where the clock alone decides: when it is looked at makes no difference. In an open
    episode it holds as long as what was to be sustained does.
    """

    type: Literal["sustained"] = "sustained"
    minutes: int = Field(ge=1, le=1440)
    of: Condition
    reads_readings: ClassVar[bool] = False

    def children(self) -> Sequence[Node]:
        return (self.of,)

    def longest_run(self) -> int:
        return self.minutes + super().longest_run()

    @cached_property
    def goes_by_readings(self) -> bool:
        return not needs_ticks(self.of)

    @cached_property
    def _metrics(self) -> frozenset[int]:
        return metrics_of(self.of)

    @cached_property
    def _reads_readings(self) -> bool:
        return reads_readings(self.of)

    def _is_broken(self, moment: Moment) -> bool:
        return has_gap(moment, self._metrics, with_readings=self._reads_readings)

    def _now(self, moment: Moment) -> datetime:
        if not self.goes_by_readings:
            return moment.at
        if not self._metrics:
            return moment.newest.measured_at if moment.newest is not None else moment.at
        times = last_instants(moment, self._metrics, with_readings=self._reads_readings)
        return times[0] if times else moment.at

    def truth(self, look: Look, path: str) -> Truth:
        truth = self.of.truth(look, f"{path}.0")
        moment = look.moment
        if truth is None:
            if self._is_broken(moment) if self._metrics else moment.is_silent:
                look.memory.pop(path, None)
            return None
        if not truth:
            look.memory.pop(path, None)
            return False
        if self._metrics and self._is_broken(moment):
            look.memory.pop(path, None)
        now = self._now(moment)
        since = look.memory.setdefault(path, now.isoformat())
        return look.is_held or now - datetime.fromisoformat(since) >= timedelta(minutes=self.minutes)

    def changes(self, moment: Moment, memory: Memory, path: str) -> Iterator[datetime]:
        yield from super().changes(moment, memory, path)
        if path in memory:
            yield datetime.fromisoformat(memory[path]) + timedelta(minutes=self.minutes)

    def words(self, unit: str) -> str:
        return f"{_as_part(self.of, unit)} for {words.minutes(self.minutes)}"


Condition = Annotated[
    Below
    | AtOrBelow
    | Above
    | AtOrAbove
    | Between
    | Outside
    | PredictedBelow
    | PredictedAbove
    | Rate
    | NoReadingFor
    | DeviceOffline
    | Battery
    | Quality
    | FlatLine
    | Jump
    | TimeOfDay
    | Alert
    | Vital
    | All
    | Any
    | Not
    | Sustained,
    Field(discriminator="type"),
]

for _model in (Several, All, Any, Not, Sustained):
    _model.model_rebuild()


def _as_part(condition: Node, unit: str) -> str:
    said = condition.words(unit)
    return f"({said})" if isinstance(condition, Several) and len(condition.of) > 1 else said
