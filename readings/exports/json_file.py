from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from readings.exports.rows import COLUMNS, ExportRow, spoken


def json_parts(pages: Iterable[list[ExportRow]]) -> Iterator[bytes]:
    """``{"items":[...],"complete":true,"count":N}``; one part for each page. Cut short it is no JSON."""
    yield b'{"items":['
    count = 0
    for page in pages:
        items = msgspec.json.encode([_item(row) for row in page])[1:-1]
        yield b"," + items if count and items else items
        count += len(page)
    yield f'],"complete":true,"count":{count}}}'.encode()


def _item(row: ExportRow) -> dict[str, Any]:
    values = (
        spoken(row.measured_at),
        spoken(row.local_time),
        row.time_zone,
        row.mg_dl,
        row.mmol_l,
        row.range_flag,
        row.trend,
        row.rate,
        row.device_code,
        row.reading_id,
        row.is_copy,
        row.is_amended,
    )
    return dict(zip(COLUMNS, values, strict=True))
