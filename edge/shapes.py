"""Readings as the API gives them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from edge.instants import spoken, spoken_utc
from readings.history import Statistics
from readings.models import RangeFlag, SignalQuality, Trend

UNIT = "mg/dL"
QUALITY_WORDS: dict[int | None, str | None] = {None: None, **{one.value: str(one.label) for one in SignalQuality}}
TREND_WORDS: dict[int | None, str | None] = {None: None, **{one.value: str(one.label) for one in Trend}}
RANGE_WORDS: dict[int, str] = {one.value: str(one.label) for one in RangeFlag}


class Measured(Protocol):
    """What a reading, a patient's state and a row of a device's history have in common."""

    @property
    def measured_at(self) -> datetime: ...
    @property
    def glucose(self) -> int: ...
    @property
    def range_flag(self) -> int: ...
    @property
    def quality(self) -> int | None: ...
    @property
    def confidence(self) -> Decimal | float | None: ...
    @property
    def battery_level(self) -> int | None: ...
    @property
    def sensor_data(self) -> dict[str, Any] | msgspec.Raw | None: ...
    @property
    def received_at(self) -> datetime: ...


def reading_item(reading: Measured, *, public_id: str, patient_code: str, device_code: str) -> dict[str, Any]:
    measurable = reading.range_flag == RangeFlag.IN_RANGE
    item = {
        "id": public_id,
        "userId": patient_code,
        "deviceId": device_code,
        "timestamp": spoken_utc(reading.measured_at),
        "glucoseValue": reading.glucose if measurable else None,
        "confidence": None if reading.confidence is None else float(reading.confidence),
        "sensorData": reading.sensor_data,
        "batteryLevel": reading.battery_level,
        "signalQuality": QUALITY_WORDS[reading.quality],
        "createdAt": spoken_utc(reading.received_at),
    }
    # Without this a "Low" and a "High" would look the same, and both like a reading without a value.
    return item if measurable else {**item, "rangeFlag": RANGE_WORDS[reading.range_flag]}


def reading_extras(reading: Measured, *, trend: int | None, rate: float | None) -> dict[str, Any]:
    return {
        "trend": TREND_WORDS[trend],
        "rate": rate,
        "unit": UNIT,
        "rangeFlag": RANGE_WORDS[reading.range_flag],
    }


def statistics_body(
    device_code: str, since: datetime | None, until: datetime | None, found: Statistics
) -> dict[str, Any]:
    measured = found.count - found.below_sensor_range - found.above_sensor_range
    return {
        "deviceId": device_code,
        "since": None if since is None else spoken(since),
        "until": None if until is None else spoken(until),
        "unit": UNIT,
        "count": found.count,
        "min": found.minimum,
        "max": found.maximum,
        "avg": found.mean if measured else None,
        "median": found.median if measured else None,
        "std": found.deviation if measured else None,
        "belowSensorRange": found.below_sensor_range,
        "aboveSensorRange": found.above_sensor_range,
        "timeInRanges": {
            "veryLow": _share(found.very_low, found.count),
            "low": _share(found.low, found.count),
            "inRange": _share(found.in_range, found.count),
            "high": _share(found.high, found.count),
            "veryHigh": _share(found.very_high, found.count),
        },
    }


def _share(count: int, total: int) -> dict[str, Any]:
    return {"count": count, "percent": round(100 * count / total, 1) if total else None}
