"""The newest measurement of each kind: one look at the index for each, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from patients.models import Patient
from tenancy.scope import required_organization_id
from vitals.catalogue import TYPES, Metric

_LATEST = """
SELECT kind.metric, newest.measured_at, newest.value, newest.second_value, newest.source
  FROM unnest(%(metrics)s::smallint[]) WITH ORDINALITY AS kind (metric, position)
 CROSS JOIN LATERAL (
       SELECT measured_at, value, second_value, source
         FROM vitals_measurement
        WHERE organization_id = %(organization_id)s AND patient_id = %(patient_id)s AND metric = kind.metric
        ORDER BY measured_at DESC, source_number DESC LIMIT 1) newest
 ORDER BY kind.position
"""


@dataclass(frozen=True, slots=True)
class Latest:
    """In the canonical unit."""

    metric: Metric
    measured_at: datetime
    value: float
    second_value: float | None
    source: str


def latest_of(patient: Patient, metrics: Sequence[Metric] = tuple(TYPES)) -> list[Latest]:
    """In the order asked; kinds that were never measured are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            _LATEST,
            {
                "organization_id": required_organization_id(),
                "patient_id": patient.pk,
                "metrics": [metric.value for metric in metrics],
            },
        )
        return [Latest(Metric(metric), *row) for metric, *row in cursor.fetchall()]
