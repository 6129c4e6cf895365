"""Several workers, and stores while they work: each thread has a connection and a transaction of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.organizations import change_organization
from devices.services import assign_device, register_device
from patients.models import Patient
from patients.services import change_patient, create_patient
from readings.models import DaySummary, DirtyDay
from readings.retention import remove_expired_readings
from readings.rows import ReadingRow
from readings.services import store_readings
from readings.summaries import summarise_dirty_days
from readings.tests.interruption import Interruption, closing
from readings.tests.summaries import dirty_days, expected_summaries, store_at, summaries, summarise
from tests.clinics import Clinic

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(46)]

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)


def store(clinic: Clinic, instant: datetime) -> Callable[[], None]:
    def run() -> None:
        with clinic.scope():
            store_readings(rows=[ReadingRow(clinic.devices[0].id, instant, 200)])

    return run


def test_a_store_that_has_not_committed_keeps_its_mark(northside: Clinic) -> None:
    """The day is marked already, so the store adds no mark of its own: whoever takes that one waits for the store."""
    store_at(northside, [NOON], [100])
    with Interruption(store(northside, LATER)) as storing:
        assert summarise(northside) == 0
        storing.finish()
        assert dirty_days(northside) == [NOON.date()]
        assert summarise(northside) == 1
    assert summaries(northside)[NOON.date()]["count"] == 2


def test_a_store_that_begins_while_a_day_is_summarised_marks_it_again(northside: Clinic) -> None:
    store_at(northside, [NOON], [100])

    def summarise_alone() -> None:
        with northside.scope():
            assert summarise_dirty_days() == 1

    with Interruption(summarise_alone) as summarising:
        storing = threading.Thread(target=closing(store(northside, LATER)))
        storing.start()
        storing.join(0.3)
        # It waits for the lock on the state.
        assert storing.is_alive()
        summarising.finish()
        storing.join(30)
    assert summaries(northside)[NOON.date()]["count"] == 1
    assert dirty_days(northside) == [NOON.date()]
    summarise(northside)
    assert summaries(northside)[NOON.date()]["count"] == 2


def test_a_change_of_the_zone_and_the_first_store_do_not_miss_each_other(northside: Clinic) -> None:
    """Neither has a state to lock yet."""

    def move() -> None:
        with northside.scope():
            change_patient(patient=northside.patients[0], changes={"timezone": "Pacific/Kiritimati"})

    with Interruption(move) as moving:
        storing = threading.Thread(target=closing(store(northside, NOON)))
        storing.start()
        storing.join(0.3)
        moving.finish()
        storing.join(30)
    summarise(northside)
    assert summaries(northside) == expected_summaries(northside, "Pacific/Kiritimati")
    assert len(summaries(northside)) == 1


def test_retention_and_a_worker_do_not_miss_each_other(northside: Clinic) -> None:
    """The day in which the time ends is marked already, so removing what is older adds no mark."""
    now = timezone.now()
    # Where it is about noon, so that the time ends in the middle of a day.
    zone = f"Etc/GMT{now.hour - 12:+d}"
    with northside.scope():
        change_patient(patient=northside.patients[0], changes={"timezone": zone})
        change_organization(changes={"reading_retention_days": 1})
    store_at(northside, [now - timedelta(minutes=30 * step + 1) for step in range(95)], [100] * 95)
    summarise(northside)
    store_at(northside, [now - timedelta(hours=25)], [200])

    def remove() -> None:
        with northside.scope():
            assert remove_expired_readings() == 48

    with Interruption(remove) as removing:
        assert summarise(northside) == 0
        removing.finish()
    summarise(northside)
    assert summaries(northside) == expected_summaries(northside, zone)
    assert sum(day["count"] for day in summaries(northside).values()) == 48


def test_two_workers_divide_the_work(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        patients = [create_patient(code=f"p{number}", first_name="P", last_name="Q") for number in range(6)]
    _give_readings(northside, patients)
    done: list[int] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait(30)
        with northside.scope():
            done.append(summarise_dirty_days(limit=None))

    workers = [threading.Thread(target=closing(work)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    summarised = summarise(northside)
    # Every day once: what one has taken, the other does not find.
    assert sum(done) + summarised == 6 * 20
    with northside.scope(), transaction.atomic():
        assert (DirtyDay.objects.count(), DaySummary.objects.count()) == (0, 6 * 20)


def _give_readings(clinic: Clinic, patients: list[Patient]) -> None:
    with clinic.scope(), transaction.atomic():
        for patient in patients:
            device = register_device(code=f"D_{patient.code}", name="D", serial_number=patient.code, status="active")
            assign_device(device=device, patient=patient, starts_at=NOON - timedelta(days=100))
            store_readings(rows=[ReadingRow(device.id, NOON - timedelta(days=days), 100 + days) for days in range(20)])
