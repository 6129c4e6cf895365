from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from devices.services import assign_device
from readings.amendments import Amended, Correction
from readings.models import Amendment, GlucoseReading, PatientState, RangeFlag, SignalQuality, Trend, Unit
from readings.rows import ReadingRow
from readings.services import amend_readings, store_readings
from readings.tests.summaries import dirty_days, expected_summaries, store_at, summaries, summarise
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def correct(clinic: Clinic, *values: int, device: int = 0, **others: Any) -> list[Amended]:
    """At noon and every five minutes from there."""
    with clinic.scope():
        return amend_readings(
            corrections=[
                Correction(clinic.devices[device].id, NOON + timedelta(minutes=5 * index), value, **others)
                for index, value in enumerate(values)
            ]
        )


def stored(clinic: Clinic) -> list[int]:
    with clinic.scope(), transaction.atomic():
        return list(GlucoseReading.objects.oldest_first().values_list("glucose", flat=True))


def amendments(clinic: Clinic) -> list[dict[str, Any]]:
    with clinic.scope(), transaction.atomic():
        return list(Amendment.objects.order_by("measured_at", "id").values())


def state(clinic: Clinic) -> PatientState:
    with clinic.scope(), transaction.atomic():
        found: PatientState = PatientState.objects.get(patient_id=clinic.patients[0].id)
        return found


def store_three(clinic: Clinic) -> None:
    store_at(clinic, [NOON + timedelta(minutes=5 * index) for index in range(3)], [100, 105, 110])


def test_the_row_says_the_new_and_the_amendment_the_old(northside: Clinic, southside: Clinic) -> None:
    with northside.scope():
        before = ReadingRow(northside.devices[0].id, NOON, 100, Unit.MMOL_L, quality=SignalQuality.FAIR, rate=0.5)
        store_readings(rows=[before])
    store_at(southside, [NOON], [100])
    new: dict[str, Any] = {
        "range_flag": RangeFlag.LOW,
        "trend": Trend.FLAT,
        "rate": -0.5,
        "quality": SignalQuality.GOOD,
    }

    assert correct(northside, 40, reason="recalibrated", **new) == [Amended.AMENDED]

    with northside.scope(), transaction.atomic():
        row = GlucoseReading.objects.get()
    assert (row.glucose, row.unit, {name: getattr(row, name) for name in new}) == (40, Unit.MG_DL, new)
    (kept,) = amendments(northside)
    assert {
        "glucose": 100,
        "unit": 2,
        "range_flag": 0,
        "trend": None,
        "rate": 0.5,
        "quality": 3,
    }.items() <= kept.items()
    assert {
        "measured_at": NOON,
        "reason": "recalibrated",
        "patient_id": northside.patients[0].id,
    }.items() <= kept.items()
    assert (stored(southside), amendments(southside)) == ([100], [])


def test_what_says_so_already_is_left_alone(northside: Clinic) -> None:
    store_three(northside)
    summarise(northside)
    assert correct(northside, 100, 105) == [Amended.UNCHANGED] * 2
    assert (amendments(northside), dirty_days(northside)) == ([], [])


def test_each_correction_has_its_result_in_the_order_sent(northside: Clinic, southside: Clinic) -> None:
    store_three(northside)
    with northside.scope():
        device = northside.devices[0].id
        results = amend_readings(
            corrections=[
                Correction(device, NOON + timedelta(minutes=10), 111),
                Correction(device, NOON + timedelta(minutes=1), 50),
                Correction(device, NOON, 100),
                # Before the device measured anybody, a device of the other clinic, and a finer time than we keep.
                Correction(device, datetime(2001, 1, 1, tzinfo=UTC), 50),
                Correction(southside.devices[0].id, NOON, 50),
                Correction(device, NOON + timedelta(minutes=5, microseconds=999), 106),
            ]
        )
        assert amend_readings(corrections=[]) == []
    unknown, amended = Amended.UNKNOWN, Amended.AMENDED
    assert results == [amended, unknown, Amended.UNCHANGED, unknown, unknown, amended]
    assert stored(northside) == [100, 106, 111]


def test_of_two_corrections_of_one_reading_the_last_counts(northside: Clinic) -> None:
    store_three(northside)
    with northside.scope():
        twice = [Correction(northside.devices[0].id, NOON, value) for value in (120, 130)]
        assert amend_readings(corrections=twice) == [Amended.AMENDED] * 2
    assert stored(northside)[0] == 130
    assert [kept["glucose"] for kept in amendments(northside)] == [100]


def test_current_value_slope_and_summary_follow(northside: Clinic) -> None:
    store_three(northside)
    summarise(northside)
    assert (state(northside).glucose, state(northside).trend) == (110, Trend.FLAT)

    correct(northside, 100, 115, 130)

    assert (state(northside).glucose, state(northside).rate, state(northside).trend) == (130, 3.0, Trend.SINGLE_UP)
    summarise(northside)
    assert summaries(northside)[NOON.date()]["total"] == 345
    assert summaries(northside) == expected_summaries(northside, "UTC")


def test_copies_are_judged_anew(northside: Clinic) -> None:
    with northside.scope():
        assign_device(device=northside.devices[1], patient=northside.patients[0], starts_at=NOON - timedelta(days=1))
    store_at(northside, [NOON], [100], device=0)
    store_at(northside, [NOON], [101], device=1)
    assert _copies(northside) == [101]
    correct(northside, 120, device=1)
    assert (_copies(northside), state(northside).glucose) == ([], 120)
    correct(northside, 99, device=1)
    assert (_copies(northside), state(northside).glucose) == ([99], 100)
    summarise(northside)
    assert summaries(northside) == expected_summaries(northside, "UTC")


@pytest.mark.django_db(transaction=True)
@pytest.mark.promise(46)
def test_the_same_correction_at_the_same_time_is_kept_once(northside: Clinic) -> None:
    store_three(northside)
    barrier = threading.Barrier(8)
    results: list[Amended] = []

    def amend() -> None:
        try:
            barrier.wait(30)
            results.extend(correct(northside, 140))
        finally:
            connection.close()

    threads = [threading.Thread(target=amend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(result.value for result in results) == ["amended"] + ["unchanged"] * 7
    assert len(amendments(northside)) == 1


def _copies(clinic: Clinic) -> list[int]:
    with clinic.scope(), transaction.atomic():
        return list(GlucoseReading.objects.filter(is_copy=True).values_list("glucose", flat=True))
