"""What a file tells of a reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from analytics.units import MG_DL_PER_MMOL_L
from readings.models import RangeFlag, Trend, reading_public_id

COLUMNS = (
    "timestamp",
    "localTime",
    "timeZone",
    "glucoseMgDl",
    "glucoseMmolL",
    "rangeFlag",
    "trend",
    "rate",
    "deviceId",
    "readingId",
    "isCopy",
    "isAmended",
)
WORDS = {RangeFlag.LOW: "Low", RangeFlag.HIGH: "High"}
_FLAGS = {flag.value: flag.label for flag in RangeFlag}
_TRENDS = {trend.value: trend.label for trend in Trend}


@dataclass(frozen=True, slots=True)
class ExportRow:
    """``local_time``: what the patient's clock showed, with its offset. ``word``: Low or High in the values' place.

    ``mg_dl`` and ``mmol_l`` are None where the value lay outside of what the sensor can measure. ``rate``: mg/dL/min.
    """

    measured_at: datetime
    local_time: datetime
    time_zone: str
    mg_dl: int | None
    mmol_l: float | None
    word: str
    range_flag: str
    trend: str | None
    rate: float | None
    device_code: str
    reading_id: str
    is_copy: bool
    is_amended: bool

    @classmethod
    def of(cls, zone: ZoneInfo, *columns: Any) -> ExportRow:
        """``columns`` as the page's statement has them."""
        measured_at, _, code, public_number, glucose, flag, trend, rate, is_copy, is_amended = columns
        measurable = flag == RangeFlag.IN_RANGE
        return cls(
            measured_at=measured_at,
            local_time=measured_at.astimezone(zone),
            time_zone=zone.key,
            mg_dl=glucose if measurable else None,
            mmol_l=round(glucose / MG_DL_PER_MMOL_L, 1) if measurable else None,
            word=WORDS.get(flag, ""),
            range_flag=_FLAGS[flag],
            trend=None if trend is None else _TRENDS[trend],
            rate=rate,
            device_code=code,
            reading_id=str(reading_public_id(measured_at, public_number)),
            is_copy=is_copy,
            is_amended=is_amended,
        )


def spoken(instant: datetime) -> str:
    """With milliseconds and offset, UTC as Z."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
