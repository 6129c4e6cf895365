"""Measurements for tests, as they lie in the table."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from patients.models import Patient
from tenancy.managers import audited_elsewhere
from vitals.catalogue import TYPES, Metric
from vitals.models import Measurement

# When, and the value; of a pair both.
Sample = tuple[datetime, float] | tuple[datetime, float, float]


def measure(patient: Patient, metric: Metric, samples: Iterable[Sample]) -> None:
    """As somebody entered them. Needs the clinic's scope and a transaction."""
    rows = [
        Measurement(
            patient=patient,
            metric=metric,
            measured_at=at,
            public_id=uuid.uuid4(),
            value=value,
            second_value=second[0] if second else None,
            unit=TYPES[metric].unit,
            source="user",
            received_at=datetime.now(UTC),
        )
        for at, value, *second in samples
    ]
    with audited_elsewhere("rows of a test"):
        Measurement.objects.bulk_create(rows, batch_size=1000)
