"""Dexcom Clarity's export.

The header is recognised by its structure, since Clarity writes it in the account's language: a column of times that
shows its pattern, the event's type beside it, one column of glucose in a unit. Lines without a time tell of the
patient, the devices and the alerts; how many there are differs, so they are never counted off.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from readings.importing.columns import unit_of
from readings.importing.dates import DateOrder
from readings.importing.layout import Format, Layout
from readings.importing.rows import IgnoredRow, ParsedRow, Row
from readings.importing.table import DELIMITERS, cells
from readings.importing.values import read_glucose, read_time

# "Timestamp (YYYY-MM-DDThh:mm:ss)", "Zeitstempel (JJJJ-MM-TTThh:mm:ss)", "Horodatage (AAAA-MM-JJThh:mm:ss)".
_TIMES = re.compile(r"\([A-Za-z]{4}-[A-Za-z]{2}-[A-Za-z]{2,3} ?T?hh:mm:ss\)", re.IGNORECASE)
# EGV: estimated glucose value; some G7 exports say it in the other words.
SENSOR_READINGS = {"egv", "fasting glucose"}
# What a count names. Whatever else stands in the column is told as other events: its words may be the patient's.
EVENTS = {"alert", "calibration", "carbs", "insulin", "exercise", "activity", "health", "notes", "note", "meal"}
INFORMATION = "information on the patient and devices"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarityLayout(Layout):
    time: int
    kind: int
    person: int
    glucose: int

    def time_text(self, cells: list[str]) -> str | None:
        return cells[self.time] if cells[self.kind].strip().lower() in SENSOR_READINGS else None

    def read(self, cells: list[str], line: int, unit: str, order: DateOrder | None) -> Row:
        kind = cells[self.kind].strip().lower()
        if not cells[self.time].strip():
            return IgnoredRow(line, INFORMATION)
        if kind not in SENSOR_READINGS:
            return IgnoredRow(line, kind if kind in EVENTS else "other events")
        glucose, range_flag = read_glucose(cells[self.glucose], unit)
        return ParsedRow(line, "", read_time(cells[self.time], order), glucose, unit, range_flag)

    def named_person(self, cells: list[str]) -> str | None:
        """First and last name have lines of their own, the first among those without a time."""
        if len(cells) <= self.person or cells[self.time].strip():
            return None
        return cells[self.person].strip() or None


def clarity_layout(numbered: Sequence[tuple[int, str]]) -> ClarityLayout | None:
    """None where none of these lines is Clarity's header."""
    for number, text in numbered:
        for delimiter in DELIMITERS:
            if layout := _layout(cells(text, delimiter) or [], number, delimiter):
                return layout
    return None


def _layout(names: list[str], number: int, delimiter: str) -> ClarityLayout | None:
    times = [place for place, name in enumerate(names) if _TIMES.search(name)]
    values = [
        place for place, name in enumerate(names) if unit_of(name) and "/min" not in name.lower().replace(" ", "")
    ]
    if len(times) != 1 or len(values) != 1 or values[0] < times[0] + 2:
        return None
    return ClarityLayout(
        format=Format.CLARITY,
        delimiter=delimiter,
        header_line=number,
        unit=unit_of(names[values[0]]),
        time=times[0],
        kind=times[0] + 1,
        person=times[0] + 3,
        glucose=values[0],
    )
