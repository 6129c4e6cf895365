"""The generic CSV: a header, a column of times, a column of glucose values, perhaps one that names the patient."""

from __future__ import annotations

from dataclasses import dataclass

from readings.importing.columns import Columns, read_header
from readings.importing.dates import DateOrder
from readings.importing.layout import Format, Layout
from readings.importing.rows import BadRow, ParsedRow, Row
from readings.importing.values import read_glucose, read_subject, read_time


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericLayout(Layout):
    columns: Columns

    def time_text(self, cells: list[str]) -> str | None:
        day = "" if self.columns.date is None else f"{cells[self.columns.date].strip()} "
        return day + cells[self.columns.time].strip()

    def read(self, cells: list[str], line: int, unit: str, order: DateOrder | None) -> Row:
        columns = self.columns
        if len(cells) < columns.needed or any(cells[columns.width :]):
            return BadRow(line, f"{len(cells)} cells where the header has {columns.width}")
        subject = "" if columns.subject is None else read_subject(cells[columns.subject])
        time = read_time(self.time_text(cells) or "", order)
        glucose, range_flag = read_glucose(cells[columns.glucose], unit)
        return ParsedRow(line, subject, time, glucose, unit, range_flag)


def generic_layout(first: tuple[int, str], *, subject_column: str | None) -> GenericLayout:
    """Raises FileRefused where the first line is no header that can be used."""
    number, text = first
    columns = read_header(text, subject=subject_column)
    return GenericLayout(
        format=Format.GENERIC,
        delimiter=columns.delimiter,
        header_line=number,
        unit=columns.unit,
        columns=columns,
    )
