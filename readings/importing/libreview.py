"""LibreView's export, and that of the older software for the desktop.

The header stands in the second or third line and in the account's language; it is recognised by its structure: the
time, the type of the record, the sensor's glucose and the scanned glucose stand side by side in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from readings.importing.columns import unit_of
from readings.importing.dates import DateOrder
from readings.importing.layout import Format, Layout
from readings.importing.rows import IgnoredRow, ParsedRow, Row
from readings.importing.table import DELIMITERS, cells
from readings.importing.values import CellRefused, read_glucose, read_time, shown

SENSOR = "0"
# A scan repeats what the sensor measured at the moment when somebody looked: counted among the readings, it would weigh
# the hours in which people worry twice.
OTHER_RECORDS = {
    "1": "scans",
    "2": "strip tests",
    "3": "ketone and other tests",
    "4": "insulin",
    "5": "food",
    "6": "notes and changes of the clock",
}
# Readers write the ends of what they measure in the place of "LO" and "HI"; 27.7 mmol/L is 499 mg/dL.
LOWEST, HIGHEST = 40, 499


@dataclass(frozen=True, slots=True, kw_only=True)
class LibreViewLayout(Layout):
    time: int
    kind: int
    glucose: int

    def time_text(self, cells: list[str]) -> str | None:
        return cells[self.time] if cells[self.kind].strip() == SENSOR else None

    def read(self, cells: list[str], line: int, unit: str, order: DateOrder | None) -> Row:
        kind = cells[self.kind].strip()
        if kind != SENSOR:
            if kind not in OTHER_RECORDS and not kind.isdigit():
                raise CellRefused(f"{shown(cells[self.kind])} is not a type of record")
            return IgnoredRow(line, OTHER_RECORDS.get(kind, "other records"))
        glucose, range_flag = read_glucose(cells[self.glucose], unit, has_codes=False)
        range_flag = range_flag or int(glucose >= HIGHEST) - int(glucose <= LOWEST)
        return ParsedRow(line, "", read_time(cells[self.time], order), glucose, unit, range_flag)


def libreview_layout(numbered: Sequence[tuple[int, str]]) -> LibreViewLayout | None:
    """None where none of these lines is LibreView's header."""
    for above, (number, text) in enumerate(numbered):
        for delimiter in DELIMITERS:
            names = cells(text, delimiter) or []
            glucose = _glucose_column(names)
            following = [cells(text, delimiter) or [] for _, text in numbered[above + 1 :]]
            if glucose is None or not _are_types(following, glucose - 1):
                continue
            return LibreViewLayout(
                format=Format.LIBREVIEW,
                delimiter=delimiter,
                header_line=number,
                unit=unit_of(names[glucose]),
                said=tuple(text for _, text in numbered[:above]),
                time=glucose - 2,
                kind=glucose - 1,
                glucose=glucose,
            )
    return None


def _glucose_column(names: list[str]) -> int | None:
    """The first of two neighbours in one unit, with a time and a type to their left."""
    units = [unit_of(name) for name in names]
    for place in range(2, len(names) - 1):
        if units[place] and units[place] == units[place + 1] and not units[place - 1]:
            return place
    return None


def _are_types(following: list[list[str]], place: int) -> bool:
    """A file without records is one of LibreView, too."""
    types = [line[place].strip() for line in following if len(line) > place]
    return all(len(text) == 1 and text.isdigit() for text in types[:3])
