"""The report's words, numbers and dates in its language.

By gettext's catalogues of this folder, not by Django's: the pages around a report stay in their own language, and the
workers have none. ``scripts/translations.py`` keeps the catalogues.
"""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from analytics.units import MG_DL_PER_MMOL_L
from tenancy.models import GlucoseUnit

CATALOGUES = Path(__file__).parent / "locale"
DOMAIN = "report"


class LanguageCode(StrEnum):
    ENGLISH = "en"
    GERMAN = "de"


# Each by its own name.
LANGUAGES = {LanguageCode.ENGLISH: "English", LanguageCode.GERMAN: "Deutsch"}


@dataclass(frozen=True, slots=True)
class Language:
    code: LanguageCode
    catalogue: gettext.NullTranslations

    def say(self, words: str, **values: str | int) -> str:
        return self.catalogue.gettext(words).format(**values)

    def say_of(self, context: str, words: str, **values: str | int) -> str:
        return self.catalogue.pgettext(context, words).format(**values)

    def say_many(self, one: str, many: str, count: int, **values: str | int) -> str:
        return self.catalogue.ngettext(one, many, count).format(count=self.whole(count), **values)

    def decimal(self, value: float, places: int = 1) -> str:
        return f"{value:.{places}f}".replace(".", self.say_of("decimal separator", "."))

    def whole(self, value: int) -> str:
        return f"{value:,}".replace(",", self.say_of("thousands separator", ","))

    def percent(self, number: str) -> str:
        return self.say_of("percentage", "{number}%", number=number)

    def glucose(self, mg_dl: float, unit: str) -> str:
        """A whole number of mg/dL, one decimal of mmol/L."""
        if unit == GlucoseUnit.MMOL_L:
            return self.decimal(mg_dl / MG_DL_PER_MMOL_L)
        return str(round(mg_dl))

    def weekday(self, day: date) -> str:
        return self._weekdays()[day.weekday()]

    def day_and_month(self, day: date) -> str:
        return self.say_of("date", "{day} {month}", day=day.day, month=self._months()[day.month - 1])

    def date(self, day: date) -> str:
        return self.say_of(
            "date", "{day} {month} {year}", day=day.day, month=self._months()[day.month - 1], year=day.year
        )

    def instant(self, instant: datetime, zone: ZoneInfo) -> str:
        local = instant.astimezone(zone)
        return self.say_of("date and time", "{date}, {time}", date=self.date(local.date()), time=f"{local:%H:%M}")

    def _weekdays(self) -> tuple[str, ...]:
        return (
            self.say_of("weekday", "Mon"), self.say_of("weekday", "Tue"), self.say_of("weekday", "Wed"),
            self.say_of("weekday", "Thu"), self.say_of("weekday", "Fri"), self.say_of("weekday", "Sat"),
            self.say_of("weekday", "Sun"),
        )  # fmt: skip

    def _months(self) -> tuple[str, ...]:
        return (
            self.say_of("month", "Jan"), self.say_of("month", "Feb"), self.say_of("month", "Mar"),
            self.say_of("month", "Apr"), self.say_of("month", "May"), self.say_of("month", "Jun"),
            self.say_of("month", "Jul"), self.say_of("month", "Aug"), self.say_of("month", "Sep"),
            self.say_of("month", "Oct"), self.say_of("month", "Nov"), self.say_of("month", "Dec"),
        )  # fmt: skip


@cache
def language(code: LanguageCode) -> Language:
    """English stands in the code; every other language has a catalogue, and to miss it is an error."""
    if code is LanguageCode.ENGLISH:
        return Language(code, gettext.NullTranslations())
    return Language(code, gettext.translation(DOMAIN, CATALOGUES, [code.value]))
