"""Glucose of a record: in mg/dL, whatever it came in, or not at all."""

from __future__ import annotations

from analytics.units import MG_DL_PER_MMOL_L, mg_dl_of
from dexcom_sync.records.enums import GLUCOSE_UNITS, RATE_UNITS
from dexcom_sync.records.fields import Fields, Refused
from dexcom_sync.records.outcomes import Flag, Leniency, Reason

MG_DL, MMOL_L = "mg/dL", "mmol/L"
MG_DL_MIN, MMOL_L_MIN = "mg/dL/min", "mmol/L/min"
# 39 and 401 are words, not measurements: below 40 and above 400.
BELOW_RANGE, ABOVE_RANGE = 39, 401
LOW, IN_RANGE, HIGH = -1, 0, 1
LARGEST_VALUE = 1000
LARGEST_MMOL_L = 40


def read_glucose(fields: Fields, *, unit_may_be_missing: bool) -> tuple[int | None, str]:
    """The value, and the unit that it is in now."""
    unit = fields.word("unit", GLUCOSE_UNITS)
    value = fields.raw.get("value")
    if type(value) is int and unit == MG_DL and BELOW_RANGE <= value <= ABOVE_RANGE:
        return value, unit
    number = fields.number("value")
    if number is None:
        if value is not None:
            raise Refused(Reason.VALUE_UNREADABLE, "value")
        fields.flags.append(Flag.NO_VALUE)
        return None, unit
    number = _in_mg_dl(fields, number, unit, unit_may_be_missing)
    if not 0 <= number <= LARGEST_VALUE:
        raise Refused(Reason.VALUE_OUT_OF_BOUNDS, "value")
    rounded = round(number)
    if rounded != number and Flag.CONVERTED_FROM_MMOL not in fields.flags:
        fields.leniencies.append(Leniency.NUMBER_ROUNDED)
    if not BELOW_RANGE <= rounded <= ABOVE_RANGE:
        fields.flags.append(Flag.BEYOND_RANGE)
    return rounded, MG_DL


def _in_mg_dl(fields: Fields, number: float, unit: str, unit_may_be_missing: bool) -> float:
    if unit == MG_DL:
        return number
    if unit.lower() == MG_DL.lower():
        fields.leniencies.append(Leniency.ALIAS)
        return number
    if unit.lower() == MMOL_L.lower():
        if number >= LARGEST_MMOL_L:
            raise Refused(Reason.UNIT_CONTRADICTS_VALUE, "unit")
        fields.flags.append(Flag.CONVERTED_FROM_MMOL)
        return mg_dl_of(number)
    if not unit and unit_may_be_missing:
        fields.flags.append(Flag.UNIT_MISSING)
        return number
    raise Refused(Reason.UNIT_UNKNOWN, "unit")


def read_rate(fields: Fields) -> tuple[float | None, str]:
    """In mg/dL per minute; none where its unit is not known."""
    unit = fields.word("rateUnit", RATE_UNITS)
    rate = fields.number("trendRate")
    if rate is None or unit == MG_DL_MIN:
        return rate, unit
    if unit == MMOL_L_MIN:
        fields.flags.append(Flag.CONVERTED_FROM_MMOL)
        return rate * MG_DL_PER_MMOL_L, MG_DL_MIN
    fields.flags.append(Flag.RATE_UNIT_UNKNOWN)
    return None, unit


def range_flag_of(value: int | None, status: str) -> int:
    """Where there is no number, the status is all there is."""
    if value is None:
        return {"low": LOW, "high": HIGH}.get(status, IN_RANGE)
    if value <= BELOW_RANGE:
        return LOW
    return HIGH if value >= ABOVE_RANGE else IN_RANGE


def status_contradicts(value: int | None, status: str) -> bool:
    if value is None or status in {"", "unknown"}:
        return False
    said = {"low": LOW, "high": HIGH, "ok": IN_RANGE}.get(status)
    return said is not None and said != range_flag_of(value, "")
