"""One cell as a glucose value or a time. Whatever is not certain is refused: a guess would look like a measurement."""

from __future__ import annotations

import re
from datetime import date, datetime

from analytics.units import mg_dl_of
from readings.importing.columns import MMOL_L
from readings.importing.dates import DateOrder, numeric_date

# As Dexcom's exports have them; the numbers are codes and never shown.
LOW_CODE, HIGH_CODE = 39, 401
LOWEST, HIGHEST = 39, 600
LOW_WORDS = {"low", "lo", "niedrig", "bas", "faible", "bajo"}
HIGH_WORDS = {"high", "hi", "hoch", "haut", "élevé", "alto"}
NUMBER = re.compile(r"[0-9]{1,4}(?:[.,][0-9]{1,6})?", re.ASCII)

ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*|\d{8}T\d{4,6}.*", re.ASCII)
_CLOCK = r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
YEAR_FIRST = re.compile(rf"(?P<date>\d{{4}}([-/])\d\d?\2\d\d?)[T ]{_CLOCK}", re.ASCII)
# Written day first wherever dots are written.
DOTTED = re.compile(rf"(?P<date>\d\d?\.\d\d?\.\d{{4}}),?[T ]{_CLOCK}", re.ASCII)
NUMERIC = re.compile(rf"(?P<date>\d\d?([-/])\d\d?\2\d{{4}}),?[T ]{_CLOCK}", re.ASCII)


class CellRefused(Exception):
    """The text is the reason that people read beside the line's number."""


def read_glucose(text: str, unit: str, *, has_codes: bool = True) -> tuple[int, int]:
    """The value in mg/dL, and -1 or 1 where the sensor could only tell that it was below or above its range.

    ``has_codes``: 39 and 401 mg/dL stand for those two words, as in Dexcom's exports.
    """
    word = text.strip().lower()
    if word in LOW_WORDS:
        return LOW_CODE, -1
    if word in HIGH_WORDS:
        return HIGH_CODE, 1
    if not word:
        raise CellRefused("there is no glucose value")
    if not NUMBER.fullmatch(word):
        raise CellRefused(f"{shown(text)} is not a glucose value")
    number = float(word.replace(",", "."))
    value = mg_dl_of(number) if unit == MMOL_L else round(number)
    if not LOWEST <= value <= HIGHEST:
        other = "mg/dL" if unit == MMOL_L else "mmol/L"
        raise CellRefused(
            f"{shown(text)} {unit} is beyond what sensors measure; if it is {other}, say that the unit is {other}"
        )
    return value, {LOW_CODE: -1, HIGH_CODE: 1}.get(value, 0) if has_codes else 0


def read_time(text: str, order: DateOrder | None = None) -> datetime:
    """Aware where the text has an offset, otherwise naive. Without ``order``, 03/04/2026 is refused."""
    # Some programs write a narrow no-break space before AM and PM.
    text = " ".join(text.split())
    if not text:
        raise CellRefused("there is no time")
    try:
        if ISO.fullmatch(text) and text[-1] not in "mM":
            return datetime.fromisoformat(text)
        for pattern in (YEAR_FIRST, DOTTED, NUMERIC):
            if match := pattern.fullmatch(text):
                day = _day(match["date"], order)
                return datetime(day.year, day.month, day.day, _hour(match), int(match["minute"]), _second(match))  # noqa: DTZ001  the zone comes later
    except ValueError:
        raise CellRefused(f"{shown(text)} is not a time that exists") from None
    raise CellRefused(f"{shown(text)} is not a time that can be read with certainty; write 2026-01-31 17:05:00")


def _day(text: str, order: DateOrder | None) -> date:
    """Raises ValueError for a day that does not exist."""
    parts = [int(part) for part in re.split(r"[-/.]", text)]
    if parts[0] > 31 or len(text.split(".")) > 1:
        year, month, day = parts if parts[0] > 31 else reversed(parts)
        return date(year, month, day)
    if order is None and parts[0] != parts[1]:
        raise CellRefused(f"{shown(text)} can be read in two ways; say whether the day or the month stands first")
    found = numeric_date(text, order or DateOrder.DAY_FIRST)
    if found is None:
        raise ValueError
    return found


def _hour(match: re.Match[str]) -> int:
    hour, half = int(match["hour"]), match["half"]
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + 12 * (half in "pP")


def _second(match: re.Match[str]) -> int:
    return int(match["second"] or 0)


def read_subject(text: str) -> str:
    """A patient's code: blanks become underscores, so "Subject 1" is the patient Subject_1."""
    code = re.sub(r"\s+", "_", text.strip())
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,49}", code):
        raise CellRefused(f"{shown(text)} is not a patient's code: letters, digits, underscore, dot, hyphen")
    return code


def shown(text: str) -> str:
    """Short, and without characters that a terminal would obey."""
    return ascii(text if len(text) <= 40 else f"{text[:40]}…")
