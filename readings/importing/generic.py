"""The generic CSV: a header, a column of times, a column of glucose values, perhaps one that names the patient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from readings.importing.columns import MG_DL, Columns, read_header
from readings.importing.table import FileRefused, Line, lines, numbered_texts, open_text
from readings.importing.values import CellRefused, read_glucose, read_subject, read_time


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """``subject`` is a patient's code, "" where the file is one patient's. ``time`` is naive without an offset."""

    line: int
    subject: str
    time: datetime
    glucose: int  # mg/dL
    unit: str
    range_flag: int


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str


Row = ParsedRow | BadRow


def read_rows(path: Path, *, subject_column: str | None = None, unit: str | None = None) -> Iterator[Row]:
    """Every row after the header, in the file's order. ``unit`` overrules the header, which overrules mg/dL.

    Raises FileRefused where the file as a whole cannot be read.
    """
    with open_text(path) as file:
        header = next(numbered_texts(file), None)
        if header is None:
            raise FileRefused(f"{path.name} is empty.")
        columns = read_header(header[1], subject=subject_column)
        chosen = unit or columns.unit or MG_DL
        for line in lines(file, columns.delimiter):
            yield read_line(Line(line.number + header[0], line.cells), columns, chosen)


def read_line(line: Line, columns: Columns, unit: str) -> ParsedRow | BadRow:
    cells = line.cells
    if cells is None:
        return BadRow(line.number, "the quotes do not match")
    if len(cells) < columns.needed or any(cells[columns.width :]):
        return BadRow(line.number, f"{len(cells)} cells where the header has {columns.width}")
    day = "" if columns.date is None else f"{cells[columns.date].strip()} "
    try:
        subject = "" if columns.subject is None else read_subject(cells[columns.subject])
        time = read_time(day + cells[columns.time].strip())
        glucose, range_flag = read_glucose(cells[columns.glucose], unit)
    except CellRefused as error:
        return BadRow(line.number, str(error))
    return ParsedRow(line.number, subject, time, glucose, unit, range_flag)
