"""However the same readings arrive, and whenever workers summarise between them, the end is the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.services import assign_device
from patients.services import change_patient
from readings.models import GlucoseReading, PatientState
from readings.rows import ReadingRow
from readings.services import store_readings
from readings.summaries import summarise_dirty_days
from readings.tests.summaries import expected_summaries, summaries
from tests.clinics import Clinic

# Midnight in Berlin before the day of 23 hours, around which all readings lie.
MIDNIGHT = datetime(2026, 3, 28, 23, tzinfo=UTC)
NOT_OF_THE_ROWS = {"received_at"}
# Device, minutes, value. Instants are few, so that both devices often measure at the same one, mostly within 1 mg/dL.
Rows = list[tuple[int, int, int]]
one_row = st.tuples(st.integers(0, 1), st.integers(-6, 6).map(lambda step: 130 * step)).map(
    lambda row: (*row, 60 + (row[1] * 13) % 200 + row[0] * (row[1] % 3))
)


@pytest.mark.django_db
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), rows=st.lists(one_row, min_size=5, max_size=26))
@pytest.mark.promise(46)
def test_any_order_repetition_and_split_ends_the_same(northside: Clinic, data: st.DataObject, rows: Rows) -> None:
    repeated = data.draw(st.permutations(rows + data.draw(st.lists(st.sampled_from(rows), max_size=5))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(repeated)), max_size=5)))
    pieces = [repeated[a:b] for a, b in zip([0, *cuts], [*cuts, len(repeated)], strict=True)]

    assert _outcome(northside, [rows]) == _outcome(northside, pieces)


class _UndoneError(Exception):
    """Takes the contents out of a transaction that leaves nothing behind."""

    def __init__(self, found: Any) -> None:
        super().__init__()
        self.contents = found


def _outcome(clinic: Clinic, pieces: list[Rows]) -> Any:
    try:
        with clinic.scope(), transaction.atomic():
            change_patient(patient=clinic.patients[1], changes={"timezone": "Europe/Berlin"})
            assign_device(
                device=clinic.devices[0], patient=clinic.patients[1], starts_at=datetime(2026, 1, 1, tzinfo=UTC)
            )
            for piece in pieces:
                store_readings(rows=[_row(clinic, *values) for values in piece])
                summarise_dirty_days()
            raise _UndoneError(_contents(clinic))
    except _UndoneError as undone:
        return undone.contents


def _row(clinic: Clinic, device: int, minutes: int, value: int) -> ReadingRow:
    return ReadingRow(clinic.devices[device].id, MIDNIGHT + timedelta(minutes=minutes), value)


def _contents(clinic: Clinic) -> Any:
    found = summaries(clinic, patient=1)
    assert found == expected_summaries(clinic, "Europe/Berlin", patient=1)
    readings = GlucoseReading.objects.order_by("patient_id", "measured_at", "device_id").values()
    states = PatientState.objects.order_by("patient_id").values()
    return [_without_arrival(row) for row in readings], [_without_arrival(row) for row in states], found


def _without_arrival(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in NOT_OF_THE_ROWS}
