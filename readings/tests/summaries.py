"""Help for tests of day summaries: the same figures by plain Python."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from readings.models import DaySummary, DirtyDay, GlucoseReading, Unit
from readings.rows import ReadingRow
from readings.services import store_readings
from readings.summaries import summarise_dirty_days
from tests.clinics import Clinic

HOUR = timedelta(hours=1)


def store_at(clinic: Clinic, instants: Sequence[datetime], values: Sequence[int], device: int = 0) -> None:
    with clinic.scope():
        store_readings(
            rows=[
                ReadingRow(clinic.devices[device].id, instant, value)
                for instant, value in zip(instants, values, strict=True)
            ]
        )


def summarise(clinic: Clinic) -> int:
    with clinic.scope():
        return summarise_dirty_days(limit=None)


def dirty_days(clinic: Clinic, patient: int = 0) -> list[date]:
    with clinic.scope(), transaction.atomic():
        marks = DirtyDay.objects.filter(patient_id=clinic.patients[patient].id).order_by("day")
        return list(marks.values_list("day", flat=True))


def summaries(clinic: Clinic, patient: int = 0) -> dict[date, dict[str, Any]]:
    with clinic.scope(), transaction.atomic():
        found = DaySummary.objects.for_patient(clinic.patients[patient]).values()
        return {row["day"]: {name: row[name] for name in row if name != "summarised_at"} for row in found}


def expected_summaries(clinic: Clinic, zone: str, patient: int = 0) -> dict[date, dict[str, Any]]:
    """From the rows that are stored, grouped and counted without SQL."""
    with clinic.scope(), transaction.atomic():
        rows = list(GlucoseReading.objects.for_patient(clinic.patients[patient]).canonical().oldest_first())
    days: dict[date, list[GlucoseReading]] = {}
    for row in rows:
        days.setdefault(row.measured_at.astimezone(ZoneInfo(zone)).date(), []).append(row)
    place = {"organization_id": clinic.organization.id, "patient_id": clinic.patients[patient].id, "timezone": zone}
    return {day: {**place, **_summary(day, found, ZoneInfo(zone))} for day, found in days.items()}


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _summary(day: date, rows: list[GlucoseReading], zone: ZoneInfo) -> dict[str, Any]:
    starts_at, ends_at = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    values = [row.glucose for row in rows]
    bins = Counter(value // 5 for value in values)
    hours: list[list[GlucoseReading]] = [[] for _ in range(math.ceil((ends_at - starts_at) / HOUR))]
    for row in rows:
        hours[(row.measured_at - starts_at) // HOUR].append(row)
    return {
        "day": day,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "count": len(rows),
        "below_sensor_range": sum(row.range_flag == -1 for row in rows),
        "above_sensor_range": sum(row.range_flag == 1 for row in rows),
        "very_low": sum(value < 54 for value in values),
        "low": sum(54 <= value < 70 for value in values),
        "in_range": sum(70 <= value <= 180 for value in values),
        "high": sum(180 < value <= 250 for value in values),
        "very_high": sum(value > 250 for value in values),
        "tight_range": sum(70 <= row.glucose <= _tight_until(row) for row in rows),
        "below_63": sum(value < 63 for value in values),
        "pregnancy_range": sum(63 <= row.glucose <= _tight_until(row) for row in rows),
        "interval": _interval(rows),
        "total": sum(values),
        "squares": sum(value * value for value in values),
        "minimum": min(_measured(rows), default=None),
        "maximum": max(_measured(rows), default=None),
        "histogram_from": min(bins),
        "histogram": [bins[number] for number in range(min(bins), max(bins) + 1)],
        "hour_counts": [len(found) for found in hours],
        "hour_totals": [sum(row.glucose for row in found) if found else None for found in hours],
        "hour_minima": [min(_measured(found), default=None) for found in hours],
        "hour_maxima": [max(_measured(found), default=None) for found in hours],
    }


def _tight_until(row: GlucoseReading) -> int:
    return 141 if row.unit == Unit.MMOL_L else 140


def _interval(rows: list[GlucoseReading]) -> int:
    gaps = [(after.measured_at - before.measured_at).total_seconds() for before, after in itertools.pairwise(rows)]
    return max(1, round(statistics.median(gaps) / 60)) if gaps else 5


def _measured(rows: list[GlucoseReading]) -> list[int]:
    return [row.glucose for row in rows if row.range_flag == 0]
