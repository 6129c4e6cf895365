"""Rows as files, page by page: CSV, JSON and workbooks. A file says at its end that it is complete.

Cells are texts, numbers, booleans, times and None; what a spreadsheet would take for a formula stays text.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import IO, Any

import msgspec
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from tenancy.spreadsheets import text_cell

Row = Sequence[Any]
Pages = Iterable[Sequence[Row]]


def csv_file(columns: Sequence[str], pages: Pages) -> Iterator[bytes]:
    """One part for each page; the last line is the comment ``# complete, N rows``."""
    yield _lines([columns])
    count = 0
    for page in pages:
        count += len(page)
        yield _lines([_csv_cell(value) for value in row] for row in page)
    yield f"# complete, {count} rows\r\n".encode()


def json_file(columns: Sequence[str], pages: Pages) -> Iterator[bytes]:
    """``{"items":[...],"complete":true,"count":N}``; one part for each page. Cut short it is no JSON."""
    yield b'{"items":['
    count = 0
    for page in pages:
        items = msgspec.json.encode([dict(zip(columns, map(_plain, row), strict=True)) for row in page])[1:-1]
        yield b"," + items if count and items else items
        count += len(page)
    yield f'],"complete":true,"count":{count}}}'.encode()


def workbook_file(columns: Sequence[str], pages: Pages, target: IO[bytes], *, title: str) -> int:
    """An xlsx file, whose last sheet says that it is complete; returns how many rows. At most a million of them."""
    with tempfile.TemporaryDirectory() as waiting:
        options = {"constant_memory": True, "tmpdir": waiting, "default_date_format": "yyyy-mm-dd hh:mm:ss"}
        book = Workbook(target, options)
        sheet, count = book.add_worksheet(title), 0
        for column, name in enumerate(columns):
            sheet.write_string(0, column, name)
        for row in (row for page in pages for row in page):
            count += 1
            for column, value in enumerate(row):
                _write(sheet, count, column, value)
        end = book.add_worksheet("Complete")
        end.write_string(0, 0, "complete")
        end.write_boolean(0, 1, True)
        end.write_string(1, 0, "rows")
        end.write_number(1, 1, count)
        book.close()
    return count


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _csv_cell(value: Any) -> Any:
    plain = _plain(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return text_cell(plain) if isinstance(plain, str) else plain


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return value


def _write(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    """Each cell as what it is: the library's guess would take a text with = for a formula. Excel knows no offsets."""
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, value.astimezone(UTC).replace(tzinfo=None))
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif value is not None:
        sheet.write_string(row, column, str(value))
