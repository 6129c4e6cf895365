"""What the live streams are told of readings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from readings.amendments import Amended, Correction
from readings.rows import Outcome, ReadingRow, RowResult, cut_to_milliseconds
from tenancy.live import Notice

CREATED = "reading.created"
AMENDED = "reading.amended"
# What was measured longer ago when it arrived is history: a file of two years must not run through the streams.
FRESH = timedelta(minutes=15)


def created_notices(rows: Sequence[ReadingRow], results: Sequence[RowResult]) -> list[Notice]:
    """Of the rows that were stored and are fresh."""
    now = datetime.now(UTC)
    return [
        created_notice(row, now)
        for row, result in zip(rows, results, strict=True)
        if result.outcome is Outcome.CREATED and now - row.measured_at <= FRESH
    ]


def created_notice(row: ReadingRow, now: datetime) -> Notice:
    return Notice(CREATED, now, device_id=row.device_id, measured_at=cut_to_milliseconds(row.measured_at))


def amended_notices(corrections: Sequence[Correction], results: Sequence[Amended]) -> list[Notice]:
    now = datetime.now(UTC)
    places = {
        (correction.device_id, cut_to_milliseconds(correction.measured_at))
        for correction, result in zip(corrections, results, strict=True)
        if result is Amended.AMENDED
    }
    return [Notice(AMENDED, now, device_id=device, measured_at=instant) for device, instant in sorted(places)]
