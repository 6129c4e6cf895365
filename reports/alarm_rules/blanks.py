"""The blanks of a rule's sentence: what a person may write in each, and how a kept value is written there.

Glucose is kept in mg/dL and written in the clinic's unit. What was shown and comes back untouched is the value that it
stood for, to the last digit: saving again moves no limit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from analytics.units import MG_DL_PER_MMOL_L
from tenancy.models import GlucoseUnit

LONGEST = 150
_CLOCK = re.compile(r"^([01]?[0-9]|2[0-3])[:.]([0-5][0-9])$")


class NotFilled(ValueError):
    """A sentence for the person who filled the blank in."""


@dataclass(frozen=True, slots=True)
class Blank:
    """``name`` as the rule's JSON has it. ``may_be_empty``: then it is not said."""

    name: str
    label: str
    may_be_empty: bool = False
    input_mode: ClassVar[str] = "text"
    keeps_what_was: ClassVar[bool] = False

    def written(self, value: Any, unit: str) -> str:
        return str(value)

    def read(self, typed: str, unit: str) -> Any:
        return typed

    def options(self, others: Mapping[str, str]) -> Sequence[tuple[str, str]]:
        """To choose from; ``others``: names of the other rules by their codes. Empty: it is written in."""
        return ()


@dataclass(frozen=True, slots=True)
class Number(Blank):
    low: float = 0
    high: float = 1440
    input_mode: ClassVar[str] = "decimal"

    def read(self, typed: str, unit: str) -> Any:
        for bound in (self.low, self.high):
            if typed == self.written(bound, unit):
                return bound
        value = self._from_unit(_number(typed), unit)
        if not self.low <= value <= self.high:
            raise NotFilled(self.sentence(unit))
        return value

    def sentence(self, unit: str) -> str:
        return f"Write a number from {self.written(self.low, unit)} to {self.written(self.high, unit)}."

    def _from_unit(self, number: float, unit: str) -> float:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Whole(Number):
    input_mode: ClassVar[str] = "numeric"

    def _from_unit(self, number: float, unit: str) -> float:
        if number != int(number):
            raise NotFilled("Write a whole number.")
        return int(number)


@dataclass(frozen=True, slots=True)
class Glucose(Number):
    """Whole mg/dL; in mmol/L one decimal, each of which is another mg/dL."""

    low: float = 40
    high: float = 400
    keeps_what_was: ClassVar[bool] = True

    def written(self, value: Any, unit: str) -> str:
        return f"{value / MG_DL_PER_MMOL_L:.1f}" if unit == GlucoseUnit.MMOL_L else f"{value:g}"

    def sentence(self, unit: str) -> str:
        return f"Write a number from {self.written(self.low, unit)} to {self.written(self.high, unit)} {unit}."

    def _from_unit(self, number: float, unit: str) -> float:
        if unit == GlucoseUnit.MMOL_L:
            return round(number * MG_DL_PER_MMOL_L)
        if number != int(number):
            raise NotFilled("Write whole mg/dL.")
        return int(number)


@dataclass(frozen=True, slots=True)
class Rate(Number):
    """mg/dL per minute; in mmol/L two decimals."""

    low: float = 0.5
    high: float = 10
    keeps_what_was: ClassVar[bool] = True

    def written(self, value: Any, unit: str) -> str:
        return f"{value / MG_DL_PER_MMOL_L:.2f}" if unit == GlucoseUnit.MMOL_L else f"{value:g}"

    def _from_unit(self, number: float, unit: str) -> float:
        return round(number * MG_DL_PER_MMOL_L, 2) if unit == GlucoseUnit.MMOL_L else number


@dataclass(frozen=True, slots=True)
class Measured(Blank):
    """A number in the unit of what was chosen beside it; the engine knows the bounds of each."""

    input_mode: ClassVar[str] = "decimal"

    def written(self, value: Any, unit: str) -> str:
        return f"{value:g}"

    def read(self, typed: str, unit: str) -> Any:
        return _number(typed)


@dataclass(frozen=True, slots=True)
class Clock(Blank):
    def read(self, typed: str, unit: str) -> str:
        found = _CLOCK.match(typed)
        if found is None:
            raise NotFilled("Write a time of day like 22:00.")
        return f"{int(found[1]):02}:{found[2]}"


@dataclass(frozen=True, slots=True)
class Choice(Blank):
    choices: tuple[tuple[str, str], ...] = ()

    def options(self, others: Mapping[str, str]) -> Sequence[tuple[str, str]]:
        return self.choices

    def read(self, typed: str, unit: str) -> Any:
        if typed not in dict(self.choices):
            raise NotFilled("Choose one of the list.")
        return typed


@dataclass(frozen=True, slots=True)
class OtherRule(Blank):
    def options(self, others: Mapping[str, str]) -> Sequence[tuple[str, str]]:
        return [("", "choose an alarm"), *others.items()]


@dataclass(frozen=True, slots=True)
class Text(Blank):
    pass


def filled(blank: Blank, typed: str, was: str, unit: str) -> Any:
    """The value to keep; None where the blank may be empty and is. Raises NotFilled."""
    typed = typed.strip()
    if not typed:
        if blank.may_be_empty:
            return None
        raise NotFilled("Fill this in.")
    kept = _kept(was) if isinstance(blank, Number) and blank.keeps_what_was else None
    if kept is not None and isinstance(blank, Number) and blank.low <= kept <= blank.high:
        return kept if typed == blank.written(kept, unit) else blank.read(typed, unit)
    return blank.read(typed, unit)


def _kept(was: str) -> float | None:
    try:
        value = float(was)
    except ValueError:
        return None
    return int(value) if value == int(value) else value


def _number(typed: str) -> float:
    # float() takes more than people write: 1e3, nan, 1_000 and digits of other scripts.
    if not re.fullmatch(r"[0-9]{1,6}([.,][0-9]{1,6})?", typed):
        raise NotFilled("Write a number.")
    return float(typed.replace(",", "."))
