"""What a report is asked for: about whom, over which days, in which unit, language and size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from analytics.goals import Preset
from reports.glucose_report.language import LanguageCode

PERIODS = (7, 14, 30, 90)
USUAL_PERIOD = 14


class Paper(StrEnum):
    A4 = "a4"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Choices:
    days: int = USUAL_PERIOD
    language: LanguageCode = LanguageCode.ENGLISH
    paper: Paper = Paper.A4
    unit: str = "mg/dL"


@dataclass(frozen=True, slots=True)
class Subject:
    """``sources``: the devices of the period, as they shall be named. ``record_number`` may be empty."""

    clinic: str
    name: str
    code: str
    birth_date: date | None
    record_number: str
    zone: ZoneInfo
    preset: Preset
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days by the patient's clock, both included; the last is that of the last reading."""

    first: date
    last: date
    zone: ZoneInfo

    @classmethod
    def ending_at(cls, last_reading: datetime, days: int, zone: ZoneInfo) -> Period:
        last = last_reading.astimezone(zone).date()
        return cls(last - timedelta(days=days - 1), last, zone)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        return self._midnight(self.first)

    @property
    def until(self) -> datetime:
        return self._midnight(self.last + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)
