"""The plain rows that devices' measurements are parsed into, and what became of each."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from readings.rows import Outcome
from vitals.catalogue import Metric
from vitals.models import device_measurement_id


class MeasurementRow(NamedTuple):
    """In the canonical unit; ``unit`` is what it came in. ``measured_at`` is aware and cut to milliseconds.

    ``expected_patient_id``: store it only where the device measured this patient; None: whomever it measured.
    """

    device_id: int
    metric: Metric
    measured_at: datetime
    value: float
    unit: str
    second: float | None = None
    quality: int | None = None
    battery_level: int | None = None
    expected_patient_id: int | None = None


class MeasurementResult(NamedTuple):
    """All but the outcome is None for a row that no assignment of its device covers."""

    outcome: Outcome
    patient_id: int | None = None
    metric: Metric | None = None
    measured_at: datetime | None = None
    device_number: int | None = None

    @property
    def public_id(self) -> str | None:
        if self.metric is None or self.measured_at is None or self.device_number is None:
            return None
        return str(device_measurement_id(self.metric, self.measured_at, self.device_number))
