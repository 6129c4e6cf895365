"""What the live streams are told of measurements: which, not what was measured. That is read when it is told on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from readings.live import FRESH
from readings.rows import Outcome
from tenancy.live import Notice
from vitals.models import Measurement
from vitals.rows import MeasurementResult, MeasurementRow

CREATED = "vital.created"


def measured_notices(rows: Sequence[MeasurementRow], results: Sequence[MeasurementResult]) -> list[Notice]:
    """Of the rows that were stored and are fresh."""
    now = datetime.now(UTC)
    told = {
        (result.patient_id, row.metric, row.measured_at): _notice(
            now, result.patient_id, row.device_id, row.measured_at, row.metric, result.device_number
        )
        for row, result in zip(rows, results, strict=True)
        if result.outcome is Outcome.CREATED and now - row.measured_at <= FRESH
    }
    return list(told.values())


def entered_notices(measurement: Measurement) -> list[Notice]:
    """Of what a person entered just now, where it is fresh."""
    now = datetime.now(UTC)
    if now - measurement.measured_at > FRESH:
        return []
    return [
        _notice(
            now,
            measurement.patient_id,
            None,
            measurement.measured_at,
            measurement.metric,
            measurement.source_number,
        )
    ]


def _notice(
    now: datetime, patient_id: int | None, device_id: int | None, at: datetime, metric: int, number: int | None
) -> Notice:
    return Notice(
        CREATED,
        now,
        patient_id=patient_id,
        device_id=device_id,
        measured_at=at,
        data={"metric": int(metric), "number": number},
    )
