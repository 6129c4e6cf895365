"""Items of a batch that are no glucose: measures of a body become vital signs, all else is the device's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import AliasChoices, Field

from edge.instants import DeviceInstant
from edge.payloads import Name, OneOfQuality, StrictModel, validation_context
from readings.rows import cut_to_milliseconds
from readings.sensors.catalogue import SensorRefused, known_sensor_unit, refuse_impossible
from readings.sensors.store import SensorRow
from vitals.catalogue import BY_NAME, TYPES, Metric, MetricType
from vitals.rows import MeasurementRow
from vitals.units import UnitRefused, ValueRefused, canonical, known_unit

# Beside the names of the catalogue. Plain "temperature" is the device's: nobody knows what it was held against.
_ALIASES = MappingProxyType(
    {
        "pulse": Metric.HEART_RATE,
        "spo2": Metric.BLOOD_OXYGEN,
        "oxygen_saturation": Metric.BLOOD_OXYGEN,
    }
)
_HALVES = MappingProxyType({"bp_systolic": True, "bp_diastolic": False})
_PRESSURE = TYPES[Metric.BLOOD_PRESSURE]
_PAIR = re.compile(r"\s*(\d{1,3}(?:\.\d{1,2})?)\s*/\s*(\d{1,3}(?:\.\d{1,2})?)\s*", re.ASCII)
_SENSOR_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)
NOT_FINITE = "value: Input should be a finite number"
NO_NUMBER = "value: Input should be a valid number"
NO_PAIR = 'value: Send "120/80", or {"systolic": 120, "diastolic": 80}.'
ALONE = 'Send bp_systolic and bp_diastolic of the same instant in the same batch, or blood_pressure as "120/80".'
UPSIDE_DOWN = "value: The diastolic value is below the systolic one."
BAD = "quality: What the device calls bad is not kept."
NO_NAME = "sensor_type: Use letters, digits, _ . and -, beginning with a letter."


class BodyHalf(NamedTuple):
    """Half of a blood pressure."""

    is_systolic: bool
    row: MeasurementRow


Measure = MeasurementRow | SensorRow | BodyHalf


class MeasureRefused(ValueError):
    """The sentence of the item's error."""


class SentMeasure(StrictModel):
    sensor_type: Name = Field(validation_alias=AliasChoices("sensor_type", "sensorType"))
    value: Any
    unit: Name
    timestamp: DeviceInstant
    quality: OneOfQuality | None = None
    battery_level: int | None = Field(
        default=None, ge=0, le=100, validation_alias=AliasChoices("battery_level", "batteryLevel")
    )

    @property
    def stored_quality(self) -> int | None:
        return self.quality.stored if self.quality else None


def read_measure(value: dict[str, Any], device_id: int, oldest: datetime | None) -> Measure:
    """Raises pydantic's ValidationError and MeasureRefused."""
    if value.get("quality") == "bad":
        raise MeasureRefused(BAD)
    sent = SentMeasure.model_validate(value, context=validation_context(oldest))
    try:
        return _measure(sent, device_id)
    except (UnitRefused, SensorRefused) as refused:
        raise MeasureRefused(str(refused)) from None
    except ValueRefused as refused:
        raise MeasureRefused(f"value: {refused}") from None


def _measure(sent: SentMeasure, device_id: int) -> Measure:
    name = sent.sensor_type.lower()
    if name in _HALVES:
        return BodyHalf(_HALVES[name], _half(sent, device_id, is_systolic=_HALVES[name]))
    metric = _ALIASES.get(name)
    kind = TYPES[metric] if metric else BY_NAME.get(name)
    if kind is None:
        return _sensor_row(sent, device_id)
    return _vital_row(kind, sent, device_id)


def _vital_row(kind: MetricType, sent: SentMeasure, device_id: int) -> MeasurementRow:
    unit = known_unit(kind, sent.unit)
    second = None
    if kind.is_pair:
        systolic, diastolic = _pair(sent.value)
        value, second = canonical(kind, systolic, unit), canonical(kind, diastolic, unit, is_second=True)
        if second >= value:
            raise MeasureRefused(UPSIDE_DOWN)
    else:
        value = canonical(kind, _number(sent.value), unit)
    return _row(kind, sent, device_id, value=value, second=second, unit=unit)


def _half(sent: SentMeasure, device_id: int, *, is_systolic: bool) -> MeasurementRow:
    unit = known_unit(_PRESSURE, sent.unit)
    value = canonical(_PRESSURE, _number(sent.value), unit, is_second=not is_systolic)
    return _row(_PRESSURE, sent, device_id, value=value, second=None, unit=unit)


def _row(
    kind: MetricType, sent: SentMeasure, device_id: int, *, value: float, second: float | None, unit: str
) -> MeasurementRow:
    return MeasurementRow(
        device_id=device_id,
        metric=kind.metric,
        measured_at=cut_to_milliseconds(sent.timestamp),
        value=value,
        second=second,
        unit=unit,
        quality=sent.stored_quality,
        battery_level=sent.battery_level,
    )


def _sensor_row(sent: SentMeasure, device_id: int) -> SensorRow:
    if not _SENSOR_NAME.fullmatch(sent.sensor_type):
        raise MeasureRefused(NO_NAME)
    unit = known_sensor_unit(sent.unit)
    value = float(sent.value) if unit == "boolean" and isinstance(sent.value, bool) else _number(sent.value)
    refuse_impossible(sent.sensor_type, value, unit)
    return SensorRow(
        device_id=device_id,
        sensor_type=sent.sensor_type,
        measured_at=cut_to_milliseconds(sent.timestamp),
        value=value,
        unit=unit,
        quality=sent.stored_quality,
        battery_level=sent.battery_level,
    )


def joined(halves: Mapping[int, BodyHalf]) -> tuple[dict[int, MeasurementRow], dict[int, str]]:
    """By place in the batch: the pair that each half belongs to, and what is wrong with the others."""
    by_instant: dict[datetime, dict[bool, list[int]]] = {}
    for place, half in halves.items():
        by_instant.setdefault(half.row.measured_at, {True: [], False: []})[half.is_systolic].append(place)
    pairs: dict[int, MeasurementRow] = {}
    refused = dict.fromkeys(halves, ALONE)
    for places in by_instant.values():
        for systolic, diastolic in zip(places[True], places[False], strict=False):
            pair = halves[systolic].row._replace(second=halves[diastolic].row.value)
            if halves[diastolic].row.value < pair.value:
                pairs |= {systolic: pair, diastolic: pair}
            else:
                refused |= {systolic: UPSIDE_DOWN, diastolic: UPSIDE_DOWN}
    return pairs, {place: words for place, words in refused.items() if place not in pairs}


def _pair(value: Any) -> tuple[float, float]:
    if isinstance(value, str) and (found := _PAIR.fullmatch(value)):
        return float(found[1]), float(found[2])
    if isinstance(value, dict) and set(value) == {"systolic", "diastolic"}:
        return _number(value["systolic"]), _number(value["diastolic"])
    raise MeasureRefused(NO_PAIR)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MeasureRefused(NO_NUMBER)
    # What JSON's 1e999 becomes, and whole numbers beyond what a float holds.
    if not abs(value) < 1e15:
        raise MeasureRefused(NOT_FINITE)
    return float(value)
