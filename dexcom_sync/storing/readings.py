"""Dexcom's glucose values into the platform's readings, through the one door.

Only the record that stands for its physical reading goes there. The phone and the receiver of a connection are two
devices there: where the phone's record comes after the receiver's, both are stored, and that the receiver's is the copy
follows from the rows, as it does for any two receivers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from devices.services import CLOCK_TOLERANCE
from dexcom_sync.models import Connection, Egv
from dexcom_sync.services.equipment import devices_of
from dexcom_sync.storing.upserting import Written
from readings.amendments import Amended, Correction
from readings.models import RangeFlag, Trend
from readings.rows import Outcome, ReadingRow, RowResult, cut_to_milliseconds
from readings.services import amend_readings, store_readings

BELOW_RANGE, ABOVE_RANGE = 39, 401
AT_ONCE = 1000
CORRECTED = "corrected by Dexcom"
_TRENDS = {trend.label: trend.value for trend in Trend}


class _Place(NamedTuple):
    device_id: int
    measured_at: datetime


def bring_to_readings(connection: Connection, written: Written, chosen: Iterable[Egv], fetched_at: datetime) -> None:
    """What is new is stored, what was corrected is amended, and nothing is done for a record that says the same.

    ``chosen``: records of before that stand for their reading from now on.
    """
    new = _readings(connection, [row for row in written.new if isinstance(row, Egv)], fetched_at)
    corrected = [row for row, _ in written.changed if isinstance(row, Egv)]
    others = _readings(connection, [*corrected, *chosen], fetched_at)
    results = _stored(list(new.values()))
    taken = {place for place, result in zip(new, results, strict=True) if result.outcome is Outcome.DUPLICATE}
    _correct({place: row for place, row in (new | others).items() if place in taken or place in others})


def _correct(rows: dict[_Place, ReadingRow]) -> None:
    """A record that had no value before has no reading yet."""
    results = amend_readings(corrections=[_correction(row) for row in rows.values()]) if rows else []
    missing = [row for row, result in zip(rows.values(), results, strict=True) if result is Amended.UNKNOWN]
    _stored(missing)


def _stored(rows: Sequence[ReadingRow]) -> list[RowResult]:
    """In pieces, as every source does: a month at once would plan for what it is not."""
    results: list[RowResult] = []
    for start in range(0, len(rows), AT_ONCE):
        results += store_readings(rows=rows[start : start + AT_ONCE])
    return results


def _readings(connection: Connection, rows: Iterable[Egv], fetched_at: datetime) -> dict[_Place, ReadingRow]:
    """One for each device and instant: of two records of one instant the one with the lowest id speaks."""
    canonical = sorted((row for row in rows if row.is_canonical), key=lambda row: row.record_id, reverse=True)
    valued = [(row, glucose) for row in canonical if (glucose := _glucose(row)) is not None]
    # A clock that is ahead would show a value of tomorrow as the current one.
    usable = [(row, glucose) for row, glucose in valued if row.system_time <= fetched_at + CLOCK_TOLERANCE]
    devices = devices_of(connection, {row.source_id for row, _ in usable})
    found: dict[_Place, ReadingRow] = {}
    for row, glucose in usable:
        place = _Place(devices[row.source_id], cut_to_milliseconds(row.system_time))
        found[place] = _reading(row, glucose, place, connection.patient_id)
    return found


def _glucose(row: Egv) -> int | None:
    """39 and 401 are no measurements, and neither is what lies beyond them."""
    if row.range_flag == RangeFlag.LOW:
        return BELOW_RANGE
    if row.range_flag == RangeFlag.HIGH:
        return ABOVE_RANGE
    return row.value


def _reading(row: Egv, glucose: int, place: _Place, patient_id: int) -> ReadingRow:
    return ReadingRow(
        device_id=place.device_id,
        measured_at=place.measured_at,
        glucose=glucose,
        range_flag=row.range_flag,
        trend=_TRENDS.get(row.trend),
        rate=row.trend_rate,
        expected_patient_id=patient_id,
    )


def _correction(row: ReadingRow) -> Correction:
    return Correction(
        device_id=row.device_id,
        measured_at=row.measured_at,
        glucose=row.glucose,
        range_flag=row.range_flag,
        trend=row.trend,
        rate=row.rate,
        reason=CORRECTED,
    )
