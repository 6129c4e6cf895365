"""Measurements as they stand in the database now, for the events that tell of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from edge.database import Transaction
from edge.instants import spoken
from tenancy.live import Notice
from vitals.catalogue import TYPES, Metric
from vitals.models import device_measurement_id
from vitals.wording import spoken_value

# ``since`` and ``until`` let the planner open only the months in between.
MEASUREMENTS = """
SELECT asked.position, patient.id, patient.code, device.code, one.metric, one.measured_at, one.source_number,
       one.public_id, one.value, one.second_value, one.source
  FROM unnest(%(organization_id)s::bigint[], %(patient_id)s::bigint[], %(metric)s::smallint[],
              %(measured_at)s::timestamptz[], %(number)s::bigint[])
       WITH ORDINALITY AS asked (organization_id, patient_id, metric, measured_at, number, position)
  JOIN vitals_measurement one
    ON one.organization_id = asked.organization_id AND one.patient_id = asked.patient_id
   AND one.metric = asked.metric AND one.measured_at = asked.measured_at AND one.source_number = asked.number
   AND one.measured_at BETWEEN %(since)s AND %(until)s
  JOIN patients_patient patient
    ON patient.organization_id = asked.organization_id AND patient.id = asked.patient_id
  LEFT JOIN devices_device device
    ON device.organization_id = asked.organization_id AND device.id = one.device_id
"""
Found = tuple[int, int, str, str | None, dict[str, Any]]


async def measurements_told(
    transaction: Transaction, organization_ids: Sequence[int], notices: Sequence[Notice]
) -> AsyncIterator[Found]:
    """Place among the notices, patient, its code, the device's code, and what is told; without those that are gone."""
    instants = [notice.measured_at for notice in notices if notice.measured_at is not None]
    parameters = {
        "organization_id": organization_ids,
        "patient_id": [notice.patient_id for notice in notices],
        "metric": [notice.data["metric"] for notice in notices],
        "measured_at": instants,
        "number": [notice.data["number"] for notice in notices],
        "since": min(instants),
        "until": max(instants),
    }
    for position, patient_id, patient, device, *columns in await transaction.fetch(MEASUREMENTS, parameters):
        yield position - 1, patient_id, patient, device, _told(*columns)


def _told(
    metric: int, measured_at: Any, number: int, public_id: UUID | None, value: float, second: float | None, source: str
) -> dict[str, Any]:
    kind = TYPES[Metric(metric)]
    return {
        "id": str(public_id or device_measurement_id(kind.metric, measured_at, number)),
        "metricType": kind.name,
        "timestamp": spoken(measured_at),
        "value": spoken_value(kind, value, second),
        "unit": kind.unit,
        "source": source,
    }
