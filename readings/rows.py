"""The plain rows that every source parses its format into, and what became of each."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from readings.models import RangeFlag, Unit


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """``measured_at`` is aware; it is cut to milliseconds. ``glucose`` is in mg/dL, ``unit`` what it came in."""

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
    sensor_data: dict[str, Any] | None = None


class Outcome(enum.Enum):
    CREATED = "created"
    DUPLICATE = "duplicate"
    UNASSIGNED = "unassigned"


@dataclass(frozen=True, slots=True)
class RowResult:
    """``public_id`` and ``patient_id`` are None for a row that no assignment of its device covers."""

    outcome: Outcome
    public_id: uuid.UUID | None
    patient_id: int | None


def cut_to_milliseconds(instant: datetime) -> datetime:
    return instant - timedelta(microseconds=instant.microsecond % 1000)
