from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from analytics.units import MG_DL_PER_MMOL_L
from devices.models import Assignment
from devices.services import assign_device
from patients.services import change_patient
from readings.models import DirtyDay, Unit
from readings.rows import ReadingRow
from readings.services import store_readings
from readings.summaries import backlog, summarise_dirty_days
from readings.tests.summaries import (
    dirty_days,
    expected_summaries,
    midnight,
    store_at,
    summaries,
    summarise,
)
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def live_in(clinic: Clinic, zone: str) -> None:
    with clinic.scope():
        clinic.patients[0] = change_patient(patient=clinic.patients[0], changes={"timezone": zone})


def every_quarter(first: datetime, last: datetime) -> list[datetime]:
    return [first + timedelta(minutes=15) * step for step in range((last - first) // timedelta(minutes=15))]


def test_figures_of_a_day(northside: Clinic, southside: Clinic) -> None:
    values = [39, 53, 54, 69, 70, 100, 180, 181, 250, 251, 401]
    with northside.scope():
        store_readings(
            rows=[
                ReadingRow(
                    northside.devices[0].id,
                    NOON + timedelta(minutes=20 * index),
                    value,
                    range_flag={39: -1, 401: 1}.get(value, 0),
                )
                for index, value in enumerate(values)
            ]
        )
    store_at(southside, [NOON], [300])

    assert summarise(northside) == 1

    found = summaries(northside)
    assert found == expected_summaries(northside, "UTC")
    day = found[NOON.date()]
    ranges = ("very_low", "low", "in_range", "high", "very_high")
    assert [day[name] for name in ranges] == [2, 2, 3, 2, 2]
    assert (day["minimum"], day["maximum"], day["below_sensor_range"], day["above_sensor_range"]) == (53, 251, 1, 1)
    assert (day["histogram_from"], len(day["histogram"])) == (7, 401 // 5 - 7 + 1)
    assert day["hour_counts"][12:16] == [3, 3, 3, 2]
    assert (day["hour_minima"][12], day["hour_totals"][11]) == (53, None)
    assert summaries(southside) == {}
    assert len(dirty_days(southside)) == 1


def test_tight_range_and_pregnancy_by_the_unit_a_value_came_in(northside: Clinic) -> None:
    """7.8 mmol/L is kept as 141 mg/dL and is in range; 141 mg/dL is not."""
    mg_dl = [39, 53, 62, 63, 69, 70, 140, 141]
    mmol = [round(value * MG_DL_PER_MMOL_L) for value in (2.9, 3.4, 3.5, 3.8, 3.9, 7.8, 7.9)]
    rows = [(value, Unit.MG_DL) for value in mg_dl] + [(value, Unit.MMOL_L) for value in mmol]
    with northside.scope():
        store_readings(
            rows=[
                ReadingRow(northside.devices[0].id, NOON + timedelta(minutes=15 * place), value, unit=unit)
                for place, (value, unit) in enumerate(rows)
            ]
        )
    summarise(northside)
    day = summaries(northside)[NOON.date()]
    assert (day["tight_range"], day["below_63"], day["pregnancy_range"]) == (4, 5, 8)
    assert (day["count"], day["interval"]) == (15, 15)
    assert summaries(northside) == expected_summaries(northside, "UTC")


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2025, 10, 26), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2025, 11, 2), 25),
        # Half an hour: the last item of the hours stands for what is left of the day.
        ("Australia/Lord_Howe", date(2025, 10, 5), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        # The clock skips midnight itself, or repeats the hour before it.
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("America/Santiago", date(2026, 4, 4), 25),
        ("Asia/Kathmandu", date(2026, 1, 1), 24),
        ("Pacific/Kiritimati", date(2026, 1, 1), 24),
        ("Etc/GMT+12", date(2026, 1, 1), 24),
    ],
)
def test_a_day_lasts_from_local_midnight_to_local_midnight(
    northside: Clinic, zone: str, day: date, hours: float
) -> None:
    live_in(northside, zone)
    before, after = midnight(day - timedelta(days=1), ZoneInfo(zone)), midnight(day + timedelta(days=2), ZoneInfo(zone))
    instants = every_quarter(before, after)
    store_at(northside, instants, [60 + (7 * step) % 250 for step in range(len(instants))])

    assert summarise(northside) == 3

    found = summaries(northside)
    assert found == expected_summaries(northside, zone)
    assert found[day]["ends_at"] - found[day]["starts_at"] == timedelta(hours=hours)
    assert found[day]["count"] == hours * 4
    assert len(found[day]["hour_counts"]) == int(hours + 0.5)


def test_a_day_that_a_place_left_out_has_no_summary(northside: Clinic) -> None:
    """Samoa went over the date line: there was no 30 December 2011."""
    live_in(northside, "Pacific/Apia")
    with northside.scope():
        _assign_from(northside, 2011)
    instants = every_quarter(datetime(2011, 12, 29, 10, tzinfo=UTC), datetime(2011, 12, 31, 10, tzinfo=UTC))
    store_at(northside, instants, [100] * len(instants))
    summarise(northside)
    assert {day: found["count"] for day, found in summaries(northside).items()} == {
        date(2011, 12, 29): 96,
        date(2011, 12, 31): 96,
    }
    assert summaries(northside) == expected_summaries(northside, "Pacific/Apia")


def test_late_readings_are_added_to_their_day(northside: Clinic) -> None:
    store_at(northside, [NOON], [100])
    summarise(northside)
    store_at(northside, [NOON - timedelta(hours=3), NOON - timedelta(days=40)], [200, 50])
    assert dirty_days(northside) == [date(2026, 1, 29), NOON.date()]
    assert summaries(northside)[NOON.date()]["count"] == 1

    assert summarise(northside) == 2
    assert summaries(northside) == expected_summaries(northside, "UTC")
    assert summaries(northside)[NOON.date()]["count"] == 2
    assert dirty_days(northside) == []
    assert summarise(northside) == 0


def test_copies_do_not_count_twice(northside: Clinic) -> None:
    with northside.scope():
        assign_device(device=northside.devices[1], patient=northside.patients[0], starts_at=NOON - timedelta(days=1))
    store_at(northside, [NOON], [100], device=1)
    summarise(northside)
    store_at(northside, [NOON + timedelta(seconds=30)], [101], device=0)
    summarise(northside)
    assert summaries(northside)[NOON.date()]["total"] == 101
    assert summaries(northside) == expected_summaries(northside, "UTC")


def test_another_time_zone_moves_the_days(northside: Clinic) -> None:
    live_in(northside, "Pacific/Kiritimati")
    instants = every_quarter(NOON - timedelta(days=2), NOON)
    store_at(northside, instants, [100 + step for step in range(len(instants))])
    summarise(northside)
    first = min(summaries(northside))

    live_in(northside, "Etc/GMT+12")

    summarise(northside)
    found = summaries(northside)
    assert found == expected_summaries(northside, "Etc/GMT+12")
    # 26 hours lie between the two zones.
    assert min(found) < first
    assert dirty_days(northside) == []


def test_days_that_the_new_zone_does_not_reach_go_at_once(northside: Clinic) -> None:
    live_in(northside, "Pacific/Kiritimati")
    store_at(northside, [NOON - timedelta(hours=1)], [100])
    summarise(northside)
    assert list(summaries(northside)) == [date(2026, 3, 11)]

    live_in(northside, "Etc/GMT+12")

    assert summaries(northside) == {}
    assert dirty_days(northside) == [date(2026, 3, 8), date(2026, 3, 9), date(2026, 3, 10)]
    summarise(northside)
    assert list(summaries(northside)) == [date(2026, 3, 9)]


def test_a_change_of_something_else_marks_nothing(northside: Clinic) -> None:
    store_at(northside, [NOON], [100])
    summarise(northside)
    with northside.scope():
        change_patient(patient=northside.patients[0], changes={"room": "12"})
    assert dirty_days(northside) == []


def test_a_bounded_run_leaves_the_rest_and_says_how_much(northside: Clinic) -> None:
    store_at(northside, [NOON - timedelta(days=days) for days in range(70)], [100] * 70)
    store_at(northside, [NOON], [100], device=1)
    with northside.scope():
        assert backlog().days == 71
        # A week of the one, the day of the other, a week of the one.
        assert summarise_dirty_days(limit=10) == 15
        assert backlog().days == 56
    # The newest days come first.
    assert max(dirty_days(northside)) == NOON.date() - timedelta(days=14)
    assert summarise(northside) == 56
    with northside.scope():
        assert (backlog().days, backlog().oldest) == (0, None)
    assert summaries(northside) == expected_summaries(northside, "UTC")


def test_marks_of_a_patient_without_readings_do_no_harm(northside: Clinic) -> None:
    store_at(northside, [NOON], [100])
    with northside.scope(), transaction.atomic():
        DirtyDay.objects.create(patient=northside.patients[1], day=NOON.date())
    assert summarise(northside) == 1


def _assign_from(clinic: Clinic, year: int) -> None:
    with transaction.atomic(), audited_elsewhere("a test"):
        Assignment.objects.filter(device=clinic.devices[0]).update(starts_at=datetime(year, 1, 1, tzinfo=UTC))
