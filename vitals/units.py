"""Measurements in the units that people and devices write, made into the canonical unit of their kind, and back.

Every conversion is a straight line. It is drawn once through two points that pint computes; what is not of one
dimension, a mass of substance and its amount, follows the factor of the substance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from analytics.units import MG_DL_PER_MMOL_L
from vitals.catalogue import TYPES, Limits, Metric, MetricType

# Longer decimals are noise of the conversion.
KEPT_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Line:
    """Canonical value = factor * value + offset."""

    factor: float
    offset: float = 0.0

    def to_canonical(self, value: float) -> float:
        return round(value * self.factor + self.offset, KEPT_DECIMALS)

    def from_canonical(self, value: float) -> float:
        return round((value - self.offset) / self.factor, KEPT_DECIMALS)


_SAME = Line(1.0)
# As pint calls what S.I. and habit write otherwise.
_IN_PINT = MappingProxyType(
    {
        "°C": "degC",
        "°F": "degF",
        "K": "kelvin",
        "mmHg": "mmHg",
        "kPa": "kilopascal",
        "kg": "kilogram",
        "g": "gram",
        "lb": "pound",
        "oz": "ounce",
        "cm": "centimeter",
        "m": "meter",
        "km": "kilometer",
        "in": "inch",
        "ft": "foot",
        "mi": "mile",
        "mL": "milliliter",
        "L": "liter",
        "fl oz": "US_fluid_ounce",
        "min": "minute",
        "h": "hour",
        "s": "second",
        "kcal": "kilocalorie",
        "kJ": "kilojoule",
    }
)
# Its own table has a thousand units and takes half a second to read.
_DEFINITIONS = """
kilo- = 1e3
milli- = 1e-3
centi- = 1e-2
meter = [length]
gram = [mass]
second = [time]
kelvin = [temperature]; offset: 0
degree_Celsius = kelvin; offset: 273.15 = degC
degree_Fahrenheit = 5 / 9 * kelvin; offset: 233.15 + 200 / 9 = degF
minute = 60 * second
hour = 60 * minute
inch = 0.0254 * meter
foot = 12 * inch
mile = 5280 * foot
pound = 453.59237 * gram
ounce = pound / 16
liter = 0.001 * meter ** 3
US_fluid_ounce = 231 * inch ** 3 / 128
pascal = 1000 * gram / meter / second ** 2
mmHg = 133.322387415 * pascal
joule = 1000 * gram * meter ** 2 / second ** 2
calorie = 4.184 * joule
"""
_MASS = ("kg", "g", "lb", "oz")
# By the canonical unit. "bpm" is beats of a heart and breaths alike: devices write it for both.
_ACCEPTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "bpm": ("bpm", "1/min"),
        "breaths/min": ("breaths/min", "bpm", "1/min"),
        "mmHg": ("mmHg", "kPa"),
        "%": ("%",),
        "°C": ("°C", "°F", "K"),
        "kg": _MASS,
        "g": ("g", "kg", "oz", "lb"),
        "cm": ("cm", "m", "in", "ft"),
        "kg/m²": ("kg/m²",),
        "mg/dL": ("mg/dL", "mmol/L"),
        "count": ("count",),
        "min": ("min", "h", "s"),
        "kcal": ("kcal", "kJ"),
        "mL/kg/min": ("mL/kg/min",),
        "mL": ("mL", "L", "fl oz"),
        "score": ("score",),
        "level": ("level",),
    }
)
# mg/dL in one mmol/L. Cholesterol's is that of all its fractions.
_MG_DL_PER_MMOL_L = MappingProxyType(
    {
        Metric.BLOOD_GLUCOSE: MG_DL_PER_MMOL_L,
        Metric.FASTING_GLUCOSE: MG_DL_PER_MMOL_L,
        Metric.CHOLESTEROL: 38.67,
        Metric.HDL_CHOLESTEROL: 38.67,
        Metric.LDL_CHOLESTEROL: 38.67,
        Metric.TRIGLYCERIDES: 88.57,
    }
)
# The master equation of NGSP and IFCC.
_NGSP_OF_IFCC = Line(0.09148, 2.152)
_SPELLINGS = MappingProxyType(
    {
        "beats/min": "bpm",
        "minutes": "min",
        "minute": "min",
        "hours": "h",
        "hour": "h",
        "seconds": "s",
        "steps": "count",
        "c": "°C",
        "celsius": "°C",
        "f": "°F",
        "fahrenheit": "°F",
        "kg/m2": "kg/m²",
        "lbs": "lb",
        "percent": "%",
        "ml/min/kg": "mL/kg/min",
    }
)


class UnitRefused(ValueError):
    """The sentence says which units are taken."""


class ValueRefused(ValueError):
    """The sentence says which values are taken."""


def units_of(kind: MetricType) -> tuple[str, ...]:
    """What is accepted, the canonical one first."""
    if kind.metric is Metric.HBA1C:
        return ("%", "mmol/mol")
    return _ACCEPTED[kind.unit]


def known_unit(kind: MetricType, unit: str) -> str:
    """As it is written properly. Raises UnitRefused."""
    folded = unit.strip().casefold()
    meant = _SPELLINGS.get(folded, folded).casefold()
    for one in units_of(kind):
        if one.casefold() == meant:
            return one
    taken = units_of(kind)
    listed = taken[0] if len(taken) == 1 else f"{', '.join(taken[:-1])} or {taken[-1]}"
    raise UnitRefused(f"{unit[:20]} is not a unit of {kind.name}: send {listed}.")


def canonical(kind: MetricType, value: float, unit: str, *, is_second: bool = False) -> float:
    """``value`` in the kind's own unit, within its limits. Raises UnitRefused and ValueRefused.

    Limits of other units count after rounding as the kind is shown: 2.2 mmol/L is what a meter shows for 40 mg/dL.
    """
    written = known_unit(kind, unit)
    line = line_of(kind, written)
    limits = kind.second if is_second and kind.second else kind.limits
    found = line.to_canonical(value)
    slack = 0.0 if line == _SAME else 0.5 * 10**-kind.decimals
    # Not a number is within no limits.
    if not limits.low - slack <= found <= limits.high + slack:
        raise ValueRefused(_limits_text(kind, limits, written, line))
    return min(max(found, limits.low), limits.high)


def shown_in(kind: MetricType, value: float, unit: str) -> float:
    """A canonical value in another of the kind's units. Raises UnitRefused."""
    return line_of(kind, known_unit(kind, unit)).from_canonical(value)


@cache
def line_of(kind: MetricType, unit: str) -> Line:
    """``unit``: as ``known_unit`` writes it."""
    if unit == kind.unit or kind.unit in ("bpm", "breaths/min"):
        return _SAME
    if unit == "mmol/mol":
        return _NGSP_OF_IFCC
    if unit == "mmol/L":
        return Line(_MG_DL_PER_MMOL_L[kind.metric])
    return _drawn(unit, kind.unit)


def draw_all() -> None:
    """Before the first request comes: pint takes long to load."""
    for kind in TYPES.values():
        for unit in units_of(kind):
            line_of(kind, unit)


@cache
def _drawn(unit: str, canonical_unit: str) -> Line:
    quantity = _registry().Quantity
    zero, hundred = (
        float(quantity(value, _IN_PINT[unit]).to(_IN_PINT[canonical_unit]).magnitude) for value in (0, 100)
    )
    return Line((hundred - zero) / 100, zero)


@cache
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(None)
    registry.load_definitions(_DEFINITIONS.strip().splitlines())
    return registry


def _limits_text(kind: MetricType, limits: Limits, unit: str, line: Line) -> str:
    decimals = kind.decimals if line == _SAME else max(kind.decimals, 1)
    low, high = sorted(line.from_canonical(limit) for limit in (limits.low, limits.high))
    return f"Input should be between {low:.{decimals}f} and {high:.{decimals}f} {unit}"
