"""The steps of history on a connection of psycopg's own kind, as the data plane runs them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from readings.history import (
    DeviceKey,
    RawRow,
    Resolution,
    bucket_page_steps,
    device_page_steps,
    device_statistics_steps,
    raw_page_steps,
)
from readings.models import GlucoseReading
from readings.store import run_steps
from readings.store.steps import Steps, T
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def run(steps: Steps[T]) -> T:
    """With parameters that the server binds, unlike Django's."""
    with transaction.atomic(), connection.cursor(), psycopg.Cursor(connection.connection) as cursor:
        try:
            statement, parameters = next(steps)
            while True:
                cursor.execute(statement, parameters)
                statement, parameters = steps.send(cursor.fetchall())
        except StopIteration as done:
            found: T = done.value
            return found


def pages(clinic: Clinic, limit: int, since: datetime | None = None, until: datetime | None = None) -> list[RawRow]:
    found: list[RawRow] = []
    after = None
    key = (clinic.organization.id, clinic.patients[0].id)
    while page := run(raw_page_steps(key, since=since, until=until, after=after, limit=limit)):
        found += page
        after = page[-1][0], page[-1][1]
    return found


def test_raw_pages_end_to_end(northside: Clinic, southside: Clinic) -> None:
    northside.store(100, 101, 102, 103, 104, until=NOON)
    northside.store(250, device=1, until=NOON)
    southside.store(200, until=NOON)
    with northside.scope():
        for limit in (1, 2, 5, 100):
            assert [row[4] for row in pages(northside, limit)] == [104, 103, 102, 101, 100]
        newest = pages(northside, 100)[0]
        assert newest[:4] == (NOON, northside.devices[0].id, "ARGUS_001234", northside.devices[0].public_number)
        since, until = NOON - timedelta(minutes=15), NOON - timedelta(minutes=5)
        assert [row[4] for row in pages(northside, 100, since=since, until=until)] == [102, 101]


def test_two_devices_at_one_instant_are_both_read_and_copies_are_not(northside: Clinic) -> None:
    northside.store(100, until=NOON)
    with northside.scope(), transaction.atomic():
        first = GlucoseReading.objects.values().get()
        for glucose, is_copy in ((180, False), (100, True)):
            other = {**first, "device_id": northside.devices[1].id, "glucose": glucose, "is_copy": is_copy}
            other["measured_at"] = NOON if not is_copy else NOON + timedelta(minutes=1)
            GlucoseReading.objects.create(**{name: value for name, value in other.items() if name != "pk"})
    with northside.scope():
        for limit in (1, 2, 3):
            assert sorted(row[4] for row in pages(northside, limit)) == [100, 180]


def test_every_step_gives_what_it_gives_to_django(northside: Clinic) -> None:
    northside.store(100, 101, 102, until=NOON)
    device = northside.devices[0]
    key = DeviceKey(northside.organization.id, device.id)
    with northside.scope():
        window: dict[str, Any] = {"since": NOON - timedelta(minutes=5), "until": NOON + timedelta(minutes=1)}
        page = run(device_page_steps(key, public_number=device.public_number, limit=10, **window))
        assert [reading.glucose for reading in page] == [102, 101]
        assert page == run_steps(device_page_steps(key, public_number=device.public_number, limit=10, **window))
        statistics = run(device_statistics_steps(key, **window))
        assert statistics == run_steps(device_statistics_steps(key, **window))
        for resolution in Resolution:
            patient = (northside.organization.id, northside.patients[0].id)
            buckets = run(
                bucket_page_steps(patient, timezone="Europe/Berlin", resolution=resolution, limit=5, **window)
            )
            assert sum(bucket.count for bucket in buckets) == 2


def test_a_list_of_patients_holds_a_device_to_them(northside: Clinic) -> None:
    """What the policies do for Django, the data plane asks for."""
    northside.store(100, 101, until=NOON)
    device = northside.devices[0]
    first, second = (patient.id for patient in northside.patients)
    with northside.scope():
        for patient_ids, number in (((first,), 2), ((second,), 0), ((), 0), ((first, second), 2)):
            key = DeviceKey(northside.organization.id, device.id, patient_ids)
            steps = device_page_steps(key, public_number=device.public_number, since=None, until=None, limit=10)
            assert len(run(steps)) == number
            assert run(device_statistics_steps(key, since=None, until=None)).count == number
