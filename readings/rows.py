"""The plain rows that every source parses its format into, and what became of each."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from readings.models import RangeFlag, Unit, reading_public_text


class ReadingRow(NamedTuple):
    """``measured_at`` is aware; it is cut to milliseconds. ``glucose`` is in mg/dL, ``unit`` what it came in.

    ``expected_patient_id``: store it only where the device measured this patient; None: whomever it measured.
    ``sensor_data``: what becomes an object of JSON.
    """

    device_id: int
    measured_at: datetime
    glucose: int
    unit: int = Unit.MG_DL
    range_flag: int = RangeFlag.IN_RANGE
    quality: int | None = None
    trend: int | None = None
    rate: float | None = None
    confidence: Decimal | None = None
    battery_level: int | None = None
    sensor_data: dict[str, Any] | msgspec.Struct | None = None
    expected_patient_id: int | None = None


class Outcome(enum.Enum):
    CREATED = "created"
    DUPLICATE = "duplicate"
    UNASSIGNED = "unassigned"
    OTHER_PATIENT = "other_patient"


class RowResult(NamedTuple):
    """All but the outcome is None for a row that no assignment of its device covers.

    OTHER_PATIENT: whom the device measured instead; nothing was stored.
    """

    outcome: Outcome
    patient_id: int | None = None
    measured_at: datetime | None = None
    device_number: int | None = None

    @property
    def public_id(self) -> str | None:
        if self.measured_at is None or self.device_number is None:
            return None
        return reading_public_text(self.measured_at, self.device_number)


def cut_to_milliseconds(instant: datetime) -> datetime:
    return instant - timedelta(microseconds=instant.microsecond % 1000)
