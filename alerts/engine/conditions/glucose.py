"""Conditions about a value and where it is heading. Unknown where the newest reading is older than 15 minutes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from alerts.engine.conditions import words
from alerts.engine.conditions.node import Direction, Look, Node, Truth
from analytics.forecast import along_slope, ar2_steps

Glucose = Annotated[int, Field(ge=40, le=400)]
# 5 mg/dL of margin are one mg/dL/min: three must have become less than two.
MARGIN_PER_RATE = 5
# So that slopes of exactly 3 are, in spite of binary fractions.
RATE_DIGITS = 6


class Limit(Node):
    mgdl: Glucose
    said: ClassVar[str]

    def holds(self, glucose: int, margin: float) -> bool:
        raise NotImplementedError

    def truth(self, look: Look, path: str) -> Truth:
        reading = look.moment.current
        return None if reading is None else self.holds(reading.glucose, look.margin)

    def words(self, unit: str) -> str:
        return f"{self.said} {words.glucose(self.mgdl, unit)}"


class Below(Limit):
    type: Literal["below"] = "below"
    said: ClassVar[str] = "below"
    direction: ClassVar[Direction | None] = "low"

    def holds(self, glucose: int, margin: float) -> bool:
        return glucose < self.mgdl + margin


class AtOrBelow(Limit):
    type: Literal["atOrBelow"] = "atOrBelow"
    said: ClassVar[str] = "at or below"
    direction: ClassVar[Direction | None] = "low"

    def holds(self, glucose: int, margin: float) -> bool:
        return glucose <= self.mgdl + margin


class Above(Limit):
    type: Literal["above"] = "above"
    said: ClassVar[str] = "above"
    direction: ClassVar[Direction | None] = "high"

    def holds(self, glucose: int, margin: float) -> bool:
        return glucose > self.mgdl - margin


class AtOrAbove(Limit):
    type: Literal["atOrAbove"] = "atOrAbove"
    said: ClassVar[str] = "at or above"
    direction: ClassVar[Direction | None] = "high"

    def holds(self, glucose: int, margin: float) -> bool:
        return glucose >= self.mgdl - margin


class Range(Node):
    low: Glucose
    high: Glucose
    said: ClassVar[str]

    @model_validator(mode="after")
    def _low_is_below_high(self) -> Range:
        if self.low >= self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        return self

    def words(self, unit: str) -> str:
        return f"{self.said} {words.glucose_range(self.low, self.high, unit)}"


class Between(Range):
    """Both ends belong to it."""

    type: Literal["between"] = "between"
    said: ClassVar[str] = "between"

    def truth(self, look: Look, path: str) -> Truth:
        reading = look.moment.current
        return None if reading is None else self.low - look.margin <= reading.glucose <= self.high + look.margin


class Outside(Range):
    """Neither end belongs to it."""

    type: Literal["outside"] = "outside"
    said: ClassVar[str] = "outside"

    def truth(self, look: Look, path: str) -> Truth:
        reading = look.moment.current
        if reading is None:
            return None
        # A narrow range keeps a middle where it is not true, or an episode would never end.
        margin = min(look.margin, (self.high - self.low) / 4)
        return reading.glucose < self.low + margin or reading.glucose > self.high - margin


class Predicted(Node):
    mgdl: Glucose
    within_minutes: int = Field(ge=5, le=60)
    method: Literal["linear", "ar2"] = "linear"

    def _expected(self, look: Look, glucose: int) -> list[float] | None:
        """mg/dL on the way to the horizon; the extremes are among them."""
        if self.method == "ar2":
            return ar2_steps(look.moment.of_one_device, look.moment.at, self.within_minutes)
        change = look.moment.slope
        return None if change is None else [along_slope(glucose, change, self.within_minutes)]


class PredictedBelow(Predicted):
    """Will fall to the value or below, and is not there yet; ``current_below``: and is lower than that already."""

    type: Literal["predictedBelow"] = "predictedBelow"
    current_below: Glucose | None = None
    direction: ClassVar[Direction | None] = "low"

    def truth(self, look: Look, path: str) -> Truth:
        reading = look.moment.current
        if reading is None:
            return None
        is_low_enough = self.current_below is None or reading.glucose < self.current_below + look.margin
        if reading.glucose <= self.mgdl or not is_low_enough:
            return False
        expected = self._expected(look, reading.glucose)
        if expected is None:
            return None
        return min(expected) < reading.glucose and min(expected) <= self.mgdl + look.margin

    def words(self, unit: str) -> str:
        said = f"falling to {words.glucose(self.mgdl, unit)} within {words.minutes(self.within_minutes)}"
        return said if self.current_below is None else f"{said} from below {words.glucose(self.current_below, unit)}"


class PredictedAbove(Predicted):
    """Will rise to the value or above, and is not there yet."""

    type: Literal["predictedAbove"] = "predictedAbove"
    direction: ClassVar[Direction | None] = "high"

    def truth(self, look: Look, path: str) -> Truth:
        reading = look.moment.current
        if reading is None:
            return None
        if reading.glucose >= self.mgdl:
            return False
        expected = self._expected(look, reading.glucose)
        if expected is None:
            return None
        return max(expected) > reading.glucose and max(expected) >= self.mgdl - look.margin

    def words(self, unit: str) -> str:
        return f"rising to {words.glucose(self.mgdl, unit)} within {words.minutes(self.within_minutes)}"


class Rate(Node):
    """At least so fast, over 15 minutes or between the last two readings."""

    type: Literal["rate"] = "rate"
    trend: Literal["falling", "rising"]
    mgdl_per_minute: float = Field(ge=0.5, le=10)
    over: Literal["fifteenMinutes", "twoReadings"] = "fifteenMinutes"

    def truth(self, look: Look, path: str) -> Truth:
        moment = look.moment
        if moment.current is None:
            return None
        change = moment.slope if self.over == "fifteenMinutes" else moment.last_step
        if change is None:
            return None
        # Never down to nothing: a level trace is not a fall that goes on.
        limit = max(self.mgdl_per_minute - look.margin / MARGIN_PER_RATE, self.mgdl_per_minute / 2)
        return round(change if self.trend == "rising" else -change, RATE_DIGITS) >= limit

    def words(self, unit: str) -> str:
        over = "15 minutes" if self.over == "fifteenMinutes" else "two readings"
        return f"{self.trend} by {words.rate(self.mgdl_per_minute, unit)} or faster over {over}"
