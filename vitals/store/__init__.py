"""The one way into the table for what devices measure; what people enter has ``vitals.services``."""

from __future__ import annotations

from collections.abc import Sequence

from readings.store import until_placed
from tenancy.scope import required_organization_id
from vitals.rows import MeasurementResult, MeasurementRow
from vitals.store.steps import store_measurement_steps

__all__ = ["store_measurements"]


def store_measurements(rows: Sequence[MeasurementRow]) -> list[MeasurementResult]:
    """Store ``rows`` in the organization in scope, in one transaction; see ``store_measurement_steps``."""
    if not rows:
        return []
    organization_ids = [required_organization_id()] * len(rows)
    return until_placed(lambda: store_measurement_steps(rows, organization_ids))
