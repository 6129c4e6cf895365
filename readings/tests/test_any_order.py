"""However the same rows arrive, the table and the state are the same in the end."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.services import assign_device
from readings.models import GlucoseReading, PatientState
from readings.rows import ReadingRow
from readings.services import store_readings
from tests.clinics import Clinic

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOT_OF_THE_ROWS = {"received_at"}
Rows = list[tuple[int, int, int]]


def contents(clinic: Clinic) -> tuple[list[Any], list[Any]]:
    with transaction.atomic():
        readings = GlucoseReading.objects.order_by("patient_id", "measured_at", "device_id").values()
        states = PatientState.objects.order_by("patient_id").values()
        return [_without_arrival(row) for row in readings], [_without_arrival(row) for row in states]


def _without_arrival(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in NOT_OF_THE_ROWS}


def store(clinic: Clinic, rows: Rows) -> None:
    store_readings(rows=[ReadingRow(clinic.devices[d].id, NOON + timedelta(minutes=m), value) for d, m, value in rows])


# Two devices of two patients, one of which is handed over at noon; minutes collide often. The value follows from
# device and minute: which of two different values for one instant wins is the order of arrival, and not asked here.
one_row = st.tuples(st.integers(0, 1), st.integers(-20, 20)).map(lambda p: (*p, 100 + 7 * p[0] + (p[1] * 13) % 90))


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), rows=st.lists(one_row, min_size=1, max_size=25))
@pytest.mark.promise(46)
def test_any_order_and_split_ends_the_same(northside: Clinic, data: st.DataObject, rows: Rows) -> None:
    other_order = data.draw(st.permutations(rows + rows[:3]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(other_order)), max_size=4)))
    pieces = [other_order[a:b] for a, b in zip([0, *cuts], [*cuts, len(other_order)], strict=True)]

    def outcome(batches: list[Rows]) -> tuple[list[Any], list[Any]]:
        try:
            with transaction.atomic():
                assign_device(device=northside.devices[0], patient=northside.patients[1], starts_at=NOON)
                for batch in batches:
                    store(northside, batch)
                raise _UndoneError(contents(northside))
        except _UndoneError as undone:
            return undone.contents

    with northside.scope():
        assert outcome([rows]) == outcome(pieces)


class _UndoneError(Exception):
    """Takes the contents out of a transaction that leaves nothing behind."""

    def __init__(self, found: tuple[list[Any], list[Any]]) -> None:
        super().__init__()
        self.contents = found


@pytest.mark.django_db(transaction=True)
@pytest.mark.promise(46)
def test_stores_at_the_same_time_end_as_one_after_the_other(northside: Clinic) -> None:
    """The state's rate misses no reading that another transaction commits in the same moment."""
    rows = [(0, minute, 100 + minute * minute % 37) for minute in range(-18, 1)]
    with northside.scope():
        store(northside, [(0, -60, 100)])
    barrier = threading.Barrier(len(rows))

    def store_one(row: tuple[int, int, int]) -> None:
        try:
            barrier.wait(timeout=30)
            with northside.scope():
                store(northside, [row])
        finally:
            connection.close()

    threads = [threading.Thread(target=store_one, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with northside.scope():
        readings, states = contents(northside)
        assert len(readings) == len(rows) + 1
        rate = states[0]["rate"]
        # The same rows once more for a patient of their own, in one piece.
        assign_device(device=northside.devices[1], patient=northside.patients[1], starts_at=NOON - timedelta(days=1))
        store(northside, [(1, minute, value) for _, minute, value in rows])
        _, both = contents(northside)
    assert rate == next(state["rate"] for state in both if state["patient_id"] == northside.patients[1].id)
