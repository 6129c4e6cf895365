"""One cell as a glucose value or a time. Whatever is not certain is refused: a guess would look like a measurement."""

from __future__ import annotations

import re
from datetime import datetime

from analytics.units import MG_DL_PER_MMOL_L
from readings.importing.columns import MMOL_L

# As Dexcom's exports have them; the numbers are codes and never shown.
LOW_CODE, HIGH_CODE = 39, 401
LOWEST, HIGHEST = 39, 600
LOW_WORDS, HIGH_WORDS = {"low", "lo"}, {"high", "hi"}
NUMBER = re.compile(r"[0-9]{1,4}(?:[.,][0-9]{1,6})?", re.ASCII)

ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*|\d{8}T\d{4,6}.*", re.ASCII)
# Month and day cannot be confused in any of these: dots are written day first, AM and PM month first.
OTHER_TIMES = (
    (re.compile(r"\d{4}/\d\d?/\d\d? \d\d?:\d\d", re.ASCII), "%Y/%m/%d %H:%M"),
    (re.compile(r"\d{4}/\d\d?/\d\d? \d\d?:\d\d:\d\d", re.ASCII), "%Y/%m/%d %H:%M:%S"),
    (re.compile(r"\d\d?\.\d\d?\.\d{4} \d\d?:\d\d", re.ASCII), "%d.%m.%Y %H:%M"),
    (re.compile(r"\d\d?\.\d\d?\.\d{4} \d\d?:\d\d:\d\d", re.ASCII), "%d.%m.%Y %H:%M:%S"),
    (re.compile(r"\d\d?/\d\d?/\d{4} \d\d?:\d\d [AaPp][Mm]", re.ASCII), "%m/%d/%Y %I:%M %p"),
    (re.compile(r"\d\d?/\d\d?/\d{4} \d\d?:\d\d:\d\d [AaPp][Mm]", re.ASCII), "%m/%d/%Y %I:%M:%S %p"),
)


class CellRefused(Exception):
    """The text is the reason that people read beside the line's number."""


def read_glucose(text: str, unit: str) -> tuple[int, int]:
    """The value in mg/dL, and -1 or 1 where the sensor could only tell that it was below or above its range."""
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
    value = round(number * MG_DL_PER_MMOL_L) if unit == MMOL_L else round(number)
    if not LOWEST <= value <= HIGHEST:
        other = "mg/dL" if unit == MMOL_L else "mmol/L"
        raise CellRefused(f"{shown(text)} {unit} is beyond what sensors measure; if it is {other}, give --unit {other}")
    return value, {LOW_CODE: -1, HIGH_CODE: 1}.get(value, 0)


def read_time(text: str) -> datetime:
    """Aware where the text has an offset, otherwise naive."""
    text = text.strip()
    if not text:
        raise CellRefused("there is no time")
    try:
        if ISO.fullmatch(text):
            return datetime.fromisoformat(text)
        for pattern, form in OTHER_TIMES:
            if pattern.fullmatch(text):
                return datetime.strptime(text, form)  # noqa: DTZ007  the zone is the patient's and comes later
    except ValueError:
        raise CellRefused(f"{shown(text)} is not a time that exists") from None
    raise CellRefused(f"{shown(text)} is not a time that can be read with certainty; write 2026-01-31 17:05:00")


def read_subject(text: str) -> str:
    """A patient's code: blanks become underscores, so "Subject 1" is the patient Subject_1."""
    code = re.sub(r"\s+", "_", text.strip())
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,49}", code):
        raise CellRefused(f"{shown(text)} is not a patient's code: letters, digits, underscore, dot, hyphen")
    return code


def shown(text: str) -> str:
    """Short, and without characters that a terminal would obey."""
    return ascii(text if len(text) <= 40 else f"{text[:40]}…")
