"""What storing devices' measurements does, as steps that both doors run (see ``readings.store.steps``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from readings.rows import Outcome
from readings.store.arrays import instants, names, numbers
from readings.store.steps import Steps, Unread, check_assignments
from vitals.marking import MARK_FOR_RULES
from vitals.rows import MeasurementResult, MeasurementRow
from vitals.store import statements


class Placed(NamedTuple):
    """What became of a row. ``patient_id`` and ``since``: None where no assignment covers it."""

    patient_id: Any
    device_number: int
    is_theirs: bool
    since: Any
    is_new: bool


def store_measurement_steps(
    rows: Sequence[MeasurementRow], organization_ids: Sequence[int]
) -> Steps[list[MeasurementResult]]:
    """Store ``rows``, each in the organization at its place; one result for each, in the order sent.

    Of two rows for one device, kind and instant the first is stored, the second is a duplicate. That the devices were
    heard of is the caller's to note, behind this. Raises AssignmentChanged: roll back, try again.
    """
    found = yield statements.INSERT, _columns(rows, organization_ids)
    placed = {position - 1: Placed(*rest) for position, *rest in found}
    new = [index for index in placed if placed[index].is_new]
    if new:
        yield from check_assignments(
            (organization_ids[index], row.device_id, placed[index].patient_id, placed[index].since, row.measured_at)
            for index, row in enumerate(rows)
            if placed[index].is_new
        )
        yield Unread(MARK_FOR_RULES, _marks(rows, organization_ids, placed, new))
    return _results(rows, organization_ids, placed)


def _columns(rows: Sequence[MeasurementRow], organization_ids: Sequence[int]) -> dict[str, Any]:
    return {
        "organization_id": numbers(organization_ids),
        "device_id": numbers([row.device_id for row in rows]),
        "metric": numbers([row.metric.value for row in rows]),
        "measured_at": instants(row.measured_at for row in rows),
        "value": numbers([row.value for row in rows]),
        "second": numbers([row.second for row in rows]),
        "unit": names([row.unit for row in rows]),
        "quality": numbers([row.quality for row in rows]),
        "expected_patient_id": numbers([row.expected_patient_id for row in rows]),
    }


def _marks(
    rows: Sequence[MeasurementRow], organization_ids: Sequence[int], placed: Mapping[int, Placed], new: Iterable[int]
) -> dict[str, Any]:
    """Each patient once, by the newest."""
    newest: dict[tuple[int, int], datetime] = {}
    for index in new:
        key = (organization_ids[index], placed[index].patient_id)
        newest[key] = max(rows[index].measured_at, newest.get(key, rows[index].measured_at))
    return {
        "organization_id": numbers([organization for organization, _ in newest]),
        "patient_id": numbers([patient for _, patient in newest]),
        "measured_at": instants(newest.values()),
    }


def _results(
    rows: Sequence[MeasurementRow], organization_ids: Sequence[int], placed: Mapping[int, Placed]
) -> list[MeasurementResult]:
    results: list[MeasurementResult] = []
    seen: set[tuple[int, int, int, datetime]] = set()
    for index, row in enumerate(rows):
        found = placed[index]
        if found.patient_id is None:
            results.append(MeasurementResult(Outcome.UNASSIGNED))
            continue
        outcome = Outcome.OTHER_PATIENT
        if found.is_theirs:
            # Rows of one place share the insert's answer; only the first of them made it.
            place = (organization_ids[index], row.device_id, row.metric.value, row.measured_at)
            outcome = Outcome.CREATED if found.is_new and place not in seen else Outcome.DUPLICATE
            seen.add(place)
        results.append(MeasurementResult(outcome, found.patient_id, row.metric, row.measured_at, found.device_number))
    return results
