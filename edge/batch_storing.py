"""Vital signs and the device's own values of a batch, stored in the transaction of its readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from edge.batch_items import BatchItem
from edge.database import Transaction, run
from readings.models import SignalQuality
from readings.rows import Outcome, RowResult
from readings.sensors.store import SensorRow, store_sensor_steps
from readings.store.statements import NOTE_CONTACT
from tenancy.live import Notice
from vitals.live import measured_notices
from vitals.rows import MeasurementResult, MeasurementRow
from vitals.store.steps import store_measurement_steps


class SensorResult(NamedTuple):
    outcome: Outcome
    public_id: None = None


Stored = RowResult | MeasurementResult | SensorResult


async def store_measures(
    transaction: Transaction, organization_id: int, items: Sequence[BatchItem], *, heard: bool
) -> tuple[dict[int, Stored], list[Notice]]:
    """Results by place. ``heard``: the batch's readings noted already that the device was heard of.

    Behind the readings: whoever holds the state of a patient may take the patient's mark, not the other way round.
    """
    vitals = {place: item.vital for place, item in enumerate(items) if item.vital is not None}
    sensors = {place: item.sensor for place, item in enumerate(items) if item.sensor is not None}
    results: dict[int, Stored] = {}
    notices: list[Notice] = []
    if vitals:
        measured = await _store_vitals(transaction, organization_id, vitals)
        notices = measured_notices(list(vitals.values()), list(measured.values()))
        results |= measured
    if sensors:
        steps = store_sensor_steps(list(sensors.values()), [organization_id] * len(sensors))
        outcomes = await run(transaction, steps)
        results |= {place: SensorResult(outcome) for place, outcome in zip(sensors, outcomes, strict=True)}
    if not heard and (vitals or sensors):
        _note_contact(transaction, organization_id, [*vitals.values(), *sensors.values()])
    return results, notices


async def _store_vitals(
    transaction: Transaction, organization_id: int, vitals: Mapping[int, MeasurementRow]
) -> dict[int, MeasurementResult]:
    """Both halves of a pair stand for one row and get its result."""
    rows = list({id(row): row for row in vitals.values()}.values())
    stored = await run(transaction, store_measurement_steps(rows, [organization_id] * len(rows)))
    results = {id(row): result for row, result in zip(rows, stored, strict=True)}
    return {place: results[id(row)] for place, row in vitals.items()}


def _note_contact(transaction: Transaction, organization_id: int, rows: Sequence[MeasurementRow | SensorRow]) -> None:
    newest = max(rows, key=lambda row: row.measured_at)
    transaction.defer(
        NOTE_CONTACT,
        {
            "organization_id": [organization_id],
            "device_id": [newest.device_id],
            "battery_level": [newest.battery_level],
            "signal_is_poor": [None if newest.quality is None else newest.quality == SignalQuality.POOR],
        },
    )
