"""Dexcom's glucose values into the platform's readings, through the one door.

The phone and the receiver of a connection are two devices there: a reading that both sent is stored for both, and which
of the two is the copy follows from the rows, as it does for any two receivers. The phone's device is made first, so its
reading is the one that counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from dexcom_sync.models import Connection, Egv
from dexcom_sync.services.equipment import devices_of
from dexcom_sync.storing.canonical import choose_canonical
from dexcom_sync.storing.upserting import Written
from devices.services import CLOCK_TOLERANCE
from readings.amendments import Amended, Correction
from readings.models import RangeFlag, Trend
from readings.rows import Outcome, ReadingRow, cut_to_milliseconds
from readings.services import amend_readings, store_readings

BELOW_RANGE, ABOVE_RANGE = 39, 401
CORRECTED = "corrected by Dexcom"
_TRENDS = {trend.label: trend.value for trend in Trend}


class _Place(NamedTuple):
    device_id: int
    measured_at: datetime


def bring_to_readings(connection: Connection, written: Written, fetched_at: datetime) -> None:
    """What is new is stored, what was corrected is amended, and nothing is done for a record that says the same."""
    touched = [row for row in written.new if isinstance(row, Egv)]
    corrected = [row for row, _ in written.changed if isinstance(row, Egv)]
    flipped = choose_canonical(connection, [*touched, *corrected])
    new = _readings(connection, touched, fetched_at)
    others = _readings(connection, [*corrected, *flipped], fetched_at)
    results = store_readings(rows=list(new.values()))
    taken = {place for place, result in zip(new, results, strict=True) if result.outcome is Outcome.DUPLICATE}
    _correct({place: row for place, row in (new | others).items() if place in taken or place in others})


def _correct(rows: dict[_Place, ReadingRow]) -> None:
    """A record that had no value before has no reading yet."""
    results = amend_readings(corrections=[_correction(row) for row in rows.values()]) if rows else []
    missing = [row for row, result in zip(rows.values(), results, strict=True) if result is Amended.UNKNOWN]
    store_readings(rows=missing)


def _readings(connection: Connection, rows: Iterable[Egv], fetched_at: datetime) -> dict[_Place, ReadingRow]:
    """One for each device and instant: of two records of one instant the canonical one speaks."""
    usable = [row for row in rows if _glucose(row) is not None and row.system_time <= fetched_at + CLOCK_TOLERANCE]
    devices = devices_of(connection, {row.source_id for row in usable})
    found: dict[_Place, ReadingRow] = {}
    for row in sorted(usable, key=_speaks_last):
        place = _Place(devices[row.source_id], cut_to_milliseconds(row.system_time))
        found[place] = _reading(row, place, connection.patient_id)
    return found


def _speaks_last(row: Egv) -> tuple[bool, list[int]]:
    # Of the rest the lowest id, as among copies: descending, so that it comes last.
    return row.is_canonical, [-ord(letter) for letter in row.record_id]


def _glucose(row: Egv) -> int | None:
    """39 and 401 are no measurements, and neither is what lies beyond them."""
    if row.range_flag == RangeFlag.LOW:
        return BELOW_RANGE
    if row.range_flag == RangeFlag.HIGH:
        return ABOVE_RANGE
    return row.value


def _reading(row: Egv, place: _Place, patient_id: int) -> ReadingRow:
    glucose = _glucose(row)
    assert glucose is not None
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
