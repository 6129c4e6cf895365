from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import IO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from readings.exports.rows import COLUMNS, ExportRow

# Excel's own bound, the header included.
ROWS_OF_A_SHEET = 1_048_576
_DATE_FORMAT = "yyyy-mm-dd hh:mm:ss.000"
_WIDTH_OF_TIMES = 24


def write_workbook(
    pages: Iterable[list[ExportRow]], target: IO[bytes], *, rows_of_a_sheet: int = ROWS_OF_A_SHEET
) -> int:
    """An xlsx file with real dates and numbers, whose last sheet says that it is complete; returns how many rows.

    Rows wait on the disk, in files that nobody else can read and that go when this returns or fails.
    """
    with tempfile.TemporaryDirectory() as waiting:
        options = {"constant_memory": True, "tmpdir": waiting, "default_date_format": _DATE_FORMAT, "use_zip64": True}
        book = Workbook(target, options)
        sheet, count = _new_sheet(book), 0
        for row in (row for page in pages for row in page):
            place = 1 + count % (rows_of_a_sheet - 1)
            if count and place == 1:
                sheet = _new_sheet(book)
            _write(sheet, place, row)
            count += 1
        _conclude(book, count)
    return count


def _new_sheet(book: Workbook) -> Worksheet:
    sheet = book.add_worksheet(f"Readings {len(book.worksheets()) + 1}")
    sheet.set_column(0, 1, _WIDTH_OF_TIMES)
    for column, name in enumerate(COLUMNS):
        sheet.write_string(0, column, name)
    return sheet


def _write(sheet: Worksheet, place: int, row: ExportRow) -> None:
    """Each cell as what it is: the library's guess would take a text with = for a formula. Excel knows no offsets."""
    sheet.write_datetime(place, 0, row.measured_at.replace(tzinfo=None))
    sheet.write_datetime(place, 1, row.local_time.replace(tzinfo=None))
    sheet.write_string(place, 2, row.time_zone)
    for column, value in ((3, row.mg_dl), (4, row.mmol_l)):
        if value is None:
            sheet.write_string(place, column, row.word)
        else:
            sheet.write_number(place, column, value)
    sheet.write_string(place, 5, row.range_flag)
    sheet.write_string(place, 6, row.trend or "")
    if row.rate is not None:
        sheet.write_number(place, 7, row.rate)
    sheet.write_string(place, 8, row.device_code)
    sheet.write_string(place, 9, row.reading_id)
    sheet.write_boolean(place, 10, row.is_copy)
    sheet.write_boolean(place, 11, row.is_amended)


def _conclude(book: Workbook, count: int) -> None:
    sheet = book.add_worksheet("Complete")
    sheet.write_string(0, 0, "complete")
    sheet.write_boolean(0, 1, True)
    sheet.write_string(1, 0, "rows")
    sheet.write_number(1, 1, count)
    book.close()
