from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from analytics.arrows import heading
from analytics.trace import Trace
from devices.services import assign_device, end_assignment, retire_device
from readings.models import GlucoseReading, PatientState, RangeFlag, Trend, read_public_id, reading_public_id
from readings.rows import Outcome, ReadingRow
from readings.store import store_rows
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic
from tests.faults.installation import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.database_portability]

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def row(clinic: Clinic, minutes: float = 0, glucose: int = 100, device: int = 0, **values: object) -> ReadingRow:
    at = NOW + timedelta(minutes=minutes)
    return ReadingRow(clinic.devices[device].id, at, glucose, **values)  # type: ignore[arg-type]


def store(clinic: Clinic, *rows: ReadingRow) -> list[Outcome]:
    with clinic.scope():
        return [result.outcome for result in store_rows(rows)]


def state(clinic: Clinic, patient: int = 0) -> PatientState:
    with clinic.scope(), transaction.atomic():
        found: PatientState = PatientState.objects.get(patient_id=clinic.patients[patient].id)
        return found


def stored_values(clinic: Clinic) -> list[tuple[int, int]]:
    with clinic.scope(), transaction.atomic():
        return list(GlucoseReading.objects.oldest_first().values_list("patient_id", "glucose"))


def test_a_row_belongs_to_the_patient_of_its_device_at_that_time(northside: Clinic, southside: Clinic) -> None:
    assert store(northside, row(northside), row(northside, device=1, glucose=200)) == [Outcome.CREATED] * 2
    first, second = (patient.id for patient in northside.patients)
    assert sorted(stored_values(northside)) == sorted([(first, 100), (second, 200)])
    assert stored_values(southside) == []


def test_storing_again_changes_nothing(northside: Clinic) -> None:
    rows = [row(northside, minutes) for minutes in (0, 5, 10)]
    assert store(northside, *rows) == [Outcome.CREATED] * 3
    before = stored_values(northside)
    assert store(northside, *reversed(rows)) == [Outcome.DUPLICATE] * 3
    assert stored_values(northside) == before


def test_of_two_rows_for_one_instant_the_first_counts(northside: Clinic) -> None:
    assert store(northside, row(northside, glucose=100), row(northside, glucose=300)) == [
        Outcome.CREATED,
        Outcome.DUPLICATE,
    ]
    assert [glucose for _, glucose in stored_values(northside)] == [100]


def test_instants_are_cut_to_milliseconds(northside: Clinic) -> None:
    nearly = ReadingRow(northside.devices[0].id, NOW + timedelta(microseconds=999), 100)
    assert store(northside, row(northside), nearly) == [Outcome.CREATED, Outcome.DUPLICATE]


def test_a_device_that_measures_nobody_stores_nothing(northside: Clinic) -> None:
    with northside.scope():
        end_assignment(device=northside.devices[0], ends_at=NOW)
    outcomes = store(northside, row(northside, -1 / 60_000), row(northside, 0), row(northside, 5))
    assert outcomes == [Outcome.CREATED, Outcome.UNASSIGNED, Outcome.UNASSIGNED]
    assert len(stored_values(northside)) == 1


def test_after_a_reassignment_the_next_patient_begins_at_that_instant(northside: Clinic) -> None:
    with northside.scope():
        assign_device(device=northside.devices[0], patient=northside.patients[1], starts_at=NOW)
    store(northside, row(northside, -1, 90), row(northside, 0, 110))
    first, second = (patient.id for patient in northside.patients)
    assert sorted(stored_values(northside)) == sorted([(first, 90), (second, 110)])


def test_a_measured_time_keeps_its_patient(northside: Clinic) -> None:
    store(northside, row(northside, 0))
    device, patient = northside.devices[0], northside.patients[1]
    with northside.scope(), pytest.raises(ValidationError, match="has measured at or after"), transaction.atomic():
        assign_device(device=device, patient=patient, starts_at=NOW)
    with northside.scope():
        assign_device(device=device, patient=patient, starts_at=NOW + timedelta(milliseconds=1))
    assert store(northside, row(northside, 0, 250)) == [Outcome.DUPLICATE]


def test_a_reading_ahead_of_our_clock_stays_its_patients_when_the_device_retires(northside: Clinic) -> None:
    ahead = ReadingRow(northside.devices[0].id, timezone.now() + timedelta(minutes=4), 123)
    assert store(northside, ahead) == [Outcome.CREATED]
    with northside.scope():
        retire_device(device=northside.devices[0])
    assert store(northside, ahead) == [Outcome.DUPLICATE]
    late = ReadingRow(northside.devices[0].id, timezone.now() + timedelta(minutes=6), 123)
    assert store(northside, late) == [Outcome.UNASSIGNED]


@pytest.mark.parametrize("year", [1970, 2015, 2026])
def test_readings_of_any_age_have_a_place(northside: Clinic, year: int) -> None:
    with northside.scope():
        register = northside.devices[0].assignments.model
        with transaction.atomic(), audited_elsewhere("a test"):
            register.objects.filter(device=northside.devices[0]).update(starts_at=datetime(1970, 1, 1, tzinfo=UTC))
    old = ReadingRow(northside.devices[0].id, datetime(year, 1, 1, tzinfo=UTC), 100)
    assert store(northside, old) == [Outcome.CREATED]


def test_the_state_follows_the_newest_reading_whatever_the_order(northside: Clinic) -> None:
    for minutes, glucose in ((0, 100), (10, 120), (5, 110)):
        store(northside, row(northside, minutes, glucose))
    now = state(northside)
    assert (now.glucose, now.measured_at) == (120, NOW + timedelta(minutes=10))
    assert (now.rate, now.trend) == (2.0, Trend.FORTY_FIVE_UP)


@pytest.mark.parametrize(
    ("step", "trend"),
    [
        (20, Trend.DOUBLE_UP),
        (15, Trend.SINGLE_UP),
        (10.4, Trend.SINGLE_UP),
        (10, Trend.FORTY_FIVE_UP),
        (5, Trend.FLAT),
        (0, Trend.FLAT),
        (-5, Trend.FLAT),
        (-10, Trend.FORTY_FIVE_DOWN),
        (-15, Trend.SINGLE_DOWN),
        (-20, Trend.DOUBLE_DOWN),
    ],
)
def test_arrows_change_at_one_two_and_three_mg_dl_per_minute(northside: Clinic, step: float, trend: Trend) -> None:
    rows = [row(northside, 5 * index, round(200 + step * index)) for index in range(3)]
    store(northside, *rows)
    now = state(northside)
    assert now.trend == trend
    times, values = [one.measured_at for one in rows], [one.glucose for one in rows]
    computed = heading(Trace.of_datetimes(times, values, ZoneInfo("UTC")))
    assert (computed.arrow, computed.rate) == (trend.label, now.rate)


def test_one_reading_or_a_gap_has_no_trend(northside: Clinic) -> None:
    store(northside, row(northside, 0, 100), row(northside, 15, 160))
    assert (state(northside).trend, state(northside).rate) == (Trend.NOT_COMPUTABLE, None)


def test_low_and_high_are_codes_and_have_no_slope(northside: Clinic) -> None:
    store(northside, row(northside, 0, 60), row(northside, 5, 39, range_flag=RangeFlag.LOW))
    assert (state(northside).range_flag, state(northside).trend) == (RangeFlag.LOW, Trend.NOT_COMPUTABLE)


def test_the_trend_of_the_source_wins(northside: Clinic) -> None:
    store(northside, row(northside, 0, 100), row(northside, 5, 150, trend=Trend.FLAT, rate=0.5))
    assert (state(northside).trend, state(northside).rate) == (Trend.FLAT, 0.5)


def test_any_text_in_what_sensors_sent_is_kept(northside: Clinic) -> None:
    sent = {"text": '"}{,\\ NULL é \x7f \n \t \U0001f600', "none": None, "list": [1, 1.5, {"a": "b"}], "é\\": '"'}
    store(northside, row(northside, 0, sensor_data=sent), row(northside, 5), row(northside, 10, sensor_data={}))
    with northside.scope():
        assert list(GlucoseReading.objects.order_by("measured_at").values_list("sensor_data", flat=True)) == [
            sent, None, {}
        ]  # fmt: skip


def test_public_ids_lead_back_to_the_reading(northside: Clinic) -> None:
    with northside.scope():
        (result,) = store_rows([row(northside)])
    number = northside.devices[0].public_number
    assert result.public_id == str(reading_public_id(NOW, number))
    assert read_public_id(UUID(result.public_id)) == (NOW, number)
    assert read_public_id(northside.devices[0].public_id) is None


def test_another_clinics_device_is_not_there(northside: Clinic, southside: Clinic) -> None:
    with northside.scope(), pytest.raises(KeyError):
        store_rows([row(southside)])
    assert stored_values(southside) == []


@pytest.mark.django_db(transaction=True)
def test_a_reassignment_that_commits_meanwhile_decides(northside: Clinic) -> None:
    """The store has looked at the assignments and waits for the device's row, which the reassignment holds."""
    device, patient = northside.devices[0], northside.patients[1]
    now = timezone.now()
    results: list[Outcome] = []

    def store_in_a_thread() -> None:
        try:
            results.extend(store(northside, ReadingRow(device.id, now + timedelta(seconds=30), 123)))
        finally:
            connection.close()

    thread = threading.Thread(target=store_in_a_thread)
    with northside.scope(), transaction.atomic():
        assign_device(device=device, patient=patient, starts_at=now)
        thread.start()
        wait_until(somebody_waits_for_a_lock)
    thread.join()
    assert results == [Outcome.CREATED]
    assert stored_values(northside) == [(patient.id, 123)]


def somebody_waits_for_a_lock() -> bool:
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"] or None,
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname=settings["NAME"],
    ) as other:
        found = other.execute(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ).fetchone()
    return found is not None
