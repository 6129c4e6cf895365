"""What a report is asked for: about whom, over which days, in which unit, language and size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
