from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from structlog.testing import capture_logs

from accounts.organizations import change_organization
from audit.models import Entry
from patients.services import change_patient
from readings import retention, tasks
from readings.amendments import Correction
from readings.models import Amendment, GlucoseReading, PatientState
from readings.retention import remove_expired_readings
from readings.services import amend_readings
from readings.tests.summaries import dirty_days, expected_summaries, store_at, summaries, summarise
from tests.clinics import Clinic

pytestmark = [pytest.mark.django_db]


def keep(clinic: Clinic, days: int | None) -> None:
    with clinic.scope():
        change_organization(changes={"reading_retention_days": days})


def remove(clinic: Clinic) -> int:
    with clinic.scope():
        return remove_expired_readings()


def count(clinic: Clinic, model: type = GlucoseReading) -> int:
    with clinic.scope(), transaction.atomic():
        return int(model.objects.count())  # type: ignore[attr-defined]


@pytest.fixture
def with_old_readings(northside: Clinic, southside: Clinic) -> Clinic:
    """Both clinics have two readings a day of the last ten days; ours corrected the oldest and the newest."""
    now = timezone.now()
    instants = [now - timedelta(hours=12 * step + 1) for step in range(20)]
    for clinic in (northside, southside):
        for device in (0, 1):
            store_at(clinic, instants, [100 + step for step in range(20)], device=device)
        with clinic.scope():
            device_id = clinic.devices[0].id
            amend_readings(corrections=[Correction(device_id, instant, 90) for instant in (instants[0], instants[-1])])
        summarise(clinic)
    return northside


def test_what_is_older_goes_and_the_rest_stays_as_it_was(with_old_readings: Clinic, southside: Clinic) -> None:
    clinic = with_old_readings
    current = _states(clinic)
    keep(clinic, 3)

    assert remove(clinic) == 2 * (20 - 6)
    assert remove(clinic) == 0

    assert count(clinic) == 2 * 6
    assert count(clinic, Amendment) == 1
    summarise(clinic)
    for patient in (0, 1):
        assert summaries(clinic, patient) == expected_summaries(clinic, "UTC", patient)
        assert dirty_days(clinic, patient) == []
    assert _states(clinic) == current
    with clinic.scope(), transaction.atomic():
        assert [entry.count for entry in Entry.objects.filter(action="expire")] == [2 * 14]
    assert (count(southside), count(southside, Amendment), remove(southside)) == (2 * 20, 2, 0)


def test_a_clinic_that_sets_no_time_keeps_everything(with_old_readings: Clinic) -> None:
    assert remove(with_old_readings) == 0
    # Asked by itself: the function decides by the clinic's row, not by who calls it.
    with with_old_readings.scope():
        assert retention._remove([patient.id for patient in with_old_readings.patients]) == 0
    assert count(with_old_readings) == 40


def test_of_another_clinics_patients_nothing_goes(with_old_readings: Clinic, southside: Clinic) -> None:
    keep(with_old_readings, 1)
    with with_old_readings.scope():
        assert retention._remove([patient.id for patient in southside.patients]) == 0
    assert count(southside) == 40


def test_the_current_value_outlasts_its_reading(northside: Clinic) -> None:
    store_at(northside, [timezone.now() - timedelta(days=30)], [123])
    keep(northside, 7)
    assert remove(northside) == 1
    assert (count(northside), count(northside, PatientState)) == (0, 1)


def test_the_day_in_which_the_time_ends_is_summarised_from_what_is_left(northside: Clinic) -> None:
    with northside.scope():
        change_patient(patient=northside.patients[0], changes={"timezone": "Asia/Kathmandu"})
    now = timezone.now()
    instants = [now - timedelta(hours=hours, minutes=1) for hours in range(72)]
    store_at(northside, instants, [100] * 72)
    summarise(northside)
    keep(northside, 1)
    remove(northside)
    summarise(northside)
    found = summaries(northside)
    assert found == expected_summaries(northside, "Asia/Kathmandu")
    assert sum(day["count"] for day in found.values()) == 24


def test_many_go_in_pieces(northside: Clinic) -> None:
    """More than the function removes at once, of one patient after the other."""
    first = timezone.now() - timedelta(days=40)
    for device in (0, 1):
        store_at(northside, [first + timedelta(minutes=2 * step) for step in range(5_100)], [100] * 5_100, device)
    keep(northside, 10)
    assert remove(northside) == 10_200
    assert count(northside) == 0
    with northside.scope(), transaction.atomic():
        counts = [entry.count for entry in Entry.objects.filter(action="expire").order_by("id")]
    assert counts == [5_000, 5_000, 200]
    summarise(northside)
    assert (summaries(northside), summaries(northside, 1)) == ({}, {})


def test_every_clinic_has_its_turn_though_one_fails(
    with_old_readings: Clinic, southside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(with_old_readings, 3)
    keep(southside, 5)
    calls: list[int] = []

    def fail_first() -> int:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("the disk is full")
        return remove_expired_readings()

    monkeypatch.setattr(tasks, "remove_expired_readings", fail_first)
    with capture_logs() as lines:
        tasks.remove_expired()
    assert [line["event"] for line in lines].count("readings_not_expired") == 1
    assert sorted([count(with_old_readings), count(southside)]) in ([12, 40], [20, 40])


def _states(clinic: Clinic) -> list[tuple[int, datetime]]:
    with clinic.scope(), transaction.atomic():
        return list(PatientState.objects.order_by("patient_id").values_list("glucose", "measured_at"))
