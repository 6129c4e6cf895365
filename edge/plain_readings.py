"""Readings of a batch as almost every device writes them, read in a tenth of the time that Pydantic takes.

What is found here is what ``edge.payloads.BatchReading`` finds, or nothing: then that one reads the item, and says what
is wrong with it in the words of the contract.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from django.conf import settings
from msgspec import Meta

from edge.payloads import Quality
from readings.rows import ReadingRow

_Name = Annotated[str, Meta(min_length=1, max_length=50)]
_Light = Annotated[float, Meta(ge=0)]
# Where ``fromisoformat`` and Pydantic cannot differ.
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{3}(\d{3})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)", re.ASCII
)


class _SensorData(msgspec.Struct, rename="camel"):
    red: _Light
    infrared: _Light
    green: _Light
    temperature: Annotated[float, Meta(ge=30, le=45)]
    motion_artifact: bool


class PlainReading(msgspec.Struct, rename="camel"):
    timestamp: str
    glucose_value: int
    confidence: Annotated[float, Meta(ge=0, le=1)]
    sensor_data: _SensorData
    battery_level: Annotated[int, Meta(ge=0, le=100)]
    signal_quality: Quality
    device_id: _Name | None = None
    user_id: _Name | None = None

    def row(self, device_id: int, *, oldest: datetime | None, latest: datetime) -> ReadingRow | None:
        """None: it has to be looked at more closely. ``oldest`` and ``latest``: when it may have been measured."""
        measured_at = _instant(self.timestamp)
        if measured_at is None or measured_at > latest or (oldest is not None and measured_at < oldest):
            return None
        if not settings.GLUCOSE_MIN_VALUE <= self.glucose_value <= settings.GLUCOSE_MAX_VALUE:
            return None
        if round(self.confidence, 3) != self.confidence:
            return None
        return ReadingRow(
            device_id=device_id,
            measured_at=measured_at,
            glucose=self.glucose_value,
            quality=self.signal_quality.stored,
            confidence=Decimal(str(self.confidence)),
            battery_level=self.battery_level,
            sensor_data=self.sensor_data,
        )


def plain_reading(value: dict[str, Any]) -> PlainReading | None:
    try:
        return msgspec.convert(value, PlainReading)
    except msgspec.ValidationError:
        return None


def _instant(text: str) -> datetime | None:
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
