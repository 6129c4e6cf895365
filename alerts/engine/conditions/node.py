"""What all kinds of conditions have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from alerts.engine.trace import RUN_GAP, Moment

# None: it cannot be known.
Truth = bool | None
Memory = dict[str, str]
Direction = Literal["low", "high"]
# The place of a condition that stands in no other.
ROOT = "0"


@dataclass(slots=True)
class Look:
    """One look at a condition.

    ``margin``: mg/dL by which limits are easier to reach, because an episode is open; negative under a "not".
    ``is_held``: an episode is open, so what had to be sustained was. ``memory`` is written to. ``is_urgent``: the rule
    is one that somebody must answer at once.
    """

    moment: Moment
    memory: Memory
    margin: float = 0
    is_held: bool = False
    is_urgent: bool = False


class Node(BaseModel):
    """A condition. Read from JSON by ``read_condition``; strict: "70" is no number and true is not 1."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel, allow_inf_nan=False)

    # Its truth may change although no reading comes.
    follows_the_clock: ClassVar[bool] = False
    direction: ClassVar[Direction | None] = None
    # Readings of glucose, or what came with them, decide about it.
    reads_readings: ClassVar[bool] = True

    def truth(self, look: Look, path: str) -> Truth:
        """``path`` is the node's place in the condition, under which it remembers."""
        raise NotImplementedError

    @property
    def metric_number(self) -> int | None:
        """Of the measurement that it asks for beside glucose."""
        return None

    def words(self, unit: str) -> str:
        raise NotImplementedError

    def children(self) -> Sequence[Node]:
        return ()

    def changes(self, moment: Moment, memory: Memory, path: str) -> Iterator[datetime]:
        """Instants at which the clock alone may change its truth to true or false."""
        for place, child in enumerate(self.children()):
            yield from child.changes(moment, memory, f"{path}.{place}")

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children():
            yield from child.walk()

    def longest_run(self) -> int:
        """Minutes that sustained conditions inside each other add up to."""
        return max((child.longest_run() for child in self.children()), default=0)

    def evaluate(
        self, moment: Moment, memory: Memory, margin: float | None = None, *, is_urgent: bool = False
    ) -> tuple[Truth, Memory]:
        """``margin`` in mg/dL where an episode is open, else None. Gives a new memory for the next look."""
        look = Look(moment, dict(memory), margin or 0, is_held=margin is not None, is_urgent=is_urgent)
        return self.truth(look, ROOT), look.memory

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def needs_ticks(condition: Node) -> bool:
    """Whether its truth can change without a reading."""
    return any(node.follows_the_clock for node in condition.walk())


def direction_of(condition: Node) -> Direction | None:
    """Which of an episode's values is its worst; None where it is not about glucose."""
    return next((node.direction for node in condition.walk() if node.direction), None)


def in_words(condition: Node, unit: str) -> str:
    """For people: "below 70 mg/dL for 15 minutes, between 22:00 and 07:00"; ``unit`` is mg/dL or mmol/L."""
    return condition.words(unit)


def metrics_of(condition: Node) -> frozenset[int]:
    """The kinds of measurements beside glucose that it asks for."""
    return frozenset(node.metric_number for node in condition.walk() if node.metric_number is not None)


def reads_readings(condition: Node) -> bool:
    return any(node.reads_readings for node in condition.walk())


def last_instants(moment: Moment, metrics: frozenset[int], *, with_readings: bool) -> list[datetime]:
    """When what it asks for was measured last, and the time before; newest first."""
    times = [one.measured_at for one in moment.measured if one.metric in metrics][-2:]
    if with_readings:
        times = sorted([*times, *(reading.measured_at for reading in moment.readings[-2:])])[-2:]
    return times[::-1]


def has_gap(moment: Moment, metrics: frozenset[int], *, with_readings: bool) -> bool:
    """Too long between the last two, or since the last: nothing can be said to have gone on."""
    times = last_instants(moment, metrics, with_readings=with_readings)
    if not times or moment.at - times[0] > RUN_GAP:
        return True
    return len(times) > 1 and times[0] - times[1] > RUN_GAP
