"""A condition about a measurement beside continuous glucose: heart rate, oxygen, blood pressure, weight."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from alerts.engine.conditions import words
from alerts.engine.conditions.node import Look, Node, Truth, has_gap
from alerts.engine.measures import MEASURES, Measure

Operator = Literal["gt", "gte", "lt", "lte", "eq", "ne", "between", "outside"]
WITH_TWO_VALUES = frozenset({"between", "outside"})
_SAID = {"gt": "above", "gte": "at or above", "lt": "below", "lte": "at or below", "eq": "exactly", "ne": "other than"}


class Vital(Node):
    """By the newest measurement of its kind; unknown where that is older than 15 minutes.

    Limits are exact: an open episode has no margin here, its closing minutes keep it together. Both ends belong to
    ``between``, and neither to ``outside``. ``for_minutes``: without a break, and more than 20 minutes between two
    measurements are one.
    """

    type: Literal["vital"] = "vital"
    metric: str
    operator: Operator
    value: float
    value_high: float | None = None
    for_minutes: int = Field(default=0, ge=0, le=1440)
    reads_readings: ClassVar[bool] = False

    @field_validator("metric")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in MEASURES:
            raise ValueError(f"there is no metric {name}; there are {', '.join(sorted(MEASURES))}")
        return name

    @model_validator(mode="after")
    def _values_fit(self) -> Vital:
        if (self.value_high is not None) != (self.operator in WITH_TWO_VALUES):
            said = "needs valueHigh" if self.value_high is None else "has no valueHigh"
            raise ValueError(f"the operator {self.operator} {said}")
        if self.value_high is not None and self.value >= self.value_high:
            raise ValueError(f"value ({self.value:g}) must be below valueHigh ({self.value_high:g})")
        measure = self.measure
        for value in (self.value, self.value_high):
            if value is not None and not measure.low <= value <= measure.high:
                raise ValueError(
                    f"{value:g} {measure.unit} is no {measure.said}: that is from {measure.low:g} to {measure.high:g}"
                )
        return self

    @property
    def measure(self) -> Measure:
        return MEASURES[self.metric]

    @property
    def metric_number(self) -> int:
        return self.measure.number

    def longest_run(self) -> int:
        return self.for_minutes

    def truth(self, look: Look, path: str) -> Truth:
        moment, number = look.moment, self.metric_number
        newest = moment.current_measured(number)
        if newest is None:
            if has_gap(moment, frozenset({number}), with_readings=False):
                look.memory.pop(path, None)
            return None
        holds = self._holds(newest.part(self.measure.part))
        if not holds or not self.for_minutes:
            look.memory.pop(path, None)
            return holds
        if has_gap(moment, frozenset({number}), with_readings=False):
            look.memory.pop(path, None)
        begun = datetime.fromisoformat(look.memory.setdefault(path, newest.measured_at.isoformat()))
        return look.is_held or newest.measured_at - begun >= timedelta(minutes=self.for_minutes)

    def _holds(self, value: float) -> bool:
        match self.operator:
            case "gt":
                return value > self.value
            case "gte":
                return value >= self.value
            case "lt":
                return value < self.value
            case "lte":
                return value <= self.value
            case "eq":
                return value == self.value
            case "ne":
                return value != self.value
        high = self.value if self.value_high is None else self.value_high
        within = self.value <= value <= high
        return within if self.operator == "between" else not within

    @property
    def bounds_in_words(self) -> str:
        if self.value_high is None:
            return f"{_SAID[self.operator]} {self.value:g} {self.measure.unit}"
        joined = "and" if self.operator == "between" else "to"
        return f"{self.operator} {self.value:g} {joined} {self.value_high:g} {self.measure.unit}"

    def words(self, unit: str) -> str:
        said = f"{self.measure.said} {self.bounds_in_words}"
        return f"{said} for {words.minutes(self.for_minutes)}" if self.for_minutes else said
