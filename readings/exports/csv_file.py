from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from readings.exports.rows import COLUMNS, ExportRow, spoken
from tenancy.spreadsheets import text_cell


def csv_parts(pages: Iterable[list[ExportRow]]) -> Iterator[bytes]:
    """One part for each page; the last line is the comment ``# complete, N rows``."""
    yield _lines([COLUMNS])
    count = 0
    for page in pages:
        count += len(page)
        yield _lines(map(_cells, page))
    yield f"# complete, {count} rows\r\n".encode()


def _cells(row: ExportRow) -> list[Any]:
    return [
        spoken(row.measured_at),
        spoken(row.local_time),
        text_cell(row.time_zone),
        row.word if row.mg_dl is None else row.mg_dl,
        row.word if row.mmol_l is None else row.mmol_l,
        row.range_flag,
        row.trend or "",
        "" if row.rate is None else row.rate,
        text_cell(row.device_code),
        row.reading_id,
        *("true" if flag else "false" for flag in (row.is_copy, row.is_amended)),
    ]


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
