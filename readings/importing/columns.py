"""Which column holds what, told by the header's words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from readings.importing.table import DELIMITERS, FileRefused, cells

MG_DL = "mg/dL"
MMOL_L = "mmol/L"

# Compared in small letters without blanks, punctuation and unit; the first name that a file has is taken.
TIME_NAMES = ("timestamp", "datetime", "time", "measuredat", "devicetimestamp", "displaytime", "date", "eventtime")
GLUCOSE_NAMES = (
    "glucose", "glucosevalue", "glucoselevel", "bloodglucose", "sensorglucose", "historicglucose", "sensorvalue",
    "gl", "bg", "sgv", "value", "",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions in a row. ``date`` is set where the day stands in a column of its own; ``unit`` is None if unsaid."""

    delimiter: str
    width: int
    time: int
    glucose: int
    date: int | None
    subject: int | None
    unit: str | None

    @property
    def needed(self) -> int:
        """How many cells a row must have at least: columns at the end that are not used here may be left out."""
        return 1 + max(self.time, self.glucose, self.date or 0, self.subject or 0)


def read_header(text: str, *, subject: str | None) -> Columns:
    """Raises FileRefused where a column is missing or stands there twice."""
    for delimiter in DELIMITERS:
        names = cells(text, delimiter) or []
        if len(names) > 1 and _find(names, TIME_NAMES) is not None:
            return _columns(names, delimiter, subject)
    raise _no_times()


def _no_times() -> FileRefused:
    return FileRefused(
        "The first line names no column of times. It must be a header such as: time,glucose. "
        f"Names that are known for times: {', '.join(TIME_NAMES)}."
    )


def _columns(names: list[str], delimiter: str, subject: str | None) -> Columns:
    glucose = _find(names, GLUCOSE_NAMES, only_with_unit="")
    if glucose is None:
        known = ", ".join(name for name in GLUCOSE_NAMES if name)
        raise FileRefused(f"The header names no column of glucose values. Known names: {known}, mg/dL, mmol/L.")
    time, date = _times(names)
    return Columns(
        delimiter=delimiter,
        width=len(names),
        time=time,
        glucose=glucose,
        date=date,
        subject=_subject(names, subject),
        unit=unit_of(names[glucose]),
    )


def _times(names: list[str]) -> tuple[int, int | None]:
    """The column of times, and that of days where the two stand apart."""
    found = _find(names, TIME_NAMES)
    if found is None:
        raise _no_times()
    date, time = _find(names, ("date",)), _find(names, ("time",))
    if date is not None and time is not None and found in (date, time):
        return time, date
    return found, None


def _find(names: Sequence[str], known: Sequence[str], *, only_with_unit: str | None = None) -> int | None:
    """``only_with_unit``: a known name that counts only beside a unit ("mg/dL" alone names a column of glucose)."""
    plain = [plain_name(name) for name in names]
    for wanted in known:
        found = [
            position
            for position, name in enumerate(plain)
            if name == wanted and (wanted != only_with_unit or unit_of(names[position]))
        ]
        if len(found) > 1:
            listed = ", ".join(repr(names[position]) for position in found)
            raise FileRefused(f"The header has several columns of one kind: {listed}. Keep one of them.")
        if found:
            return found[0]
    return None


def _subject(names: Sequence[str], wanted: str | None) -> int | None:
    if wanted is None:
        return None
    found = [position for position, name in enumerate(names) if name.strip().lower() == wanted.strip().lower()]
    if len(found) != 1:
        how_often = "more than once" if found else "not"
        raise FileRefused(f"The column {wanted!r} stands {how_often} in the header: {', '.join(names)}.")
    return found[0]


def plain_name(name: str) -> str:
    return re.sub(r"mmol\s*/?\s*l|mg\s*/?\s*dl|[\W_]", "", name.lower())


def unit_of(name: str) -> str | None:
    small = re.sub(r"[\W_]", "", name.lower())
    if "mmoll" in small:
        return MMOL_L
    return MG_DL if "mgdl" in small else None
