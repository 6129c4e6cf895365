"""The one way into the table of devices' own values, as steps like those of readings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from readings.rows import Outcome
from readings.store.arrays import instants, names, numbers
from readings.store.steps import Steps

INSERT = """
WITH sent AS (
    SELECT *
      FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(sensor_type)s::text[],
                  %(measured_at)s::timestamptz[], %(value)s::float8[], %(unit)s::text[], %(quality)s::smallint[])
           WITH ORDINALITY AS row (organization_id, device_id, sensor_type, measured_at, value, unit, quality, position)
), stored AS (
    INSERT INTO readings_sensorvalue (organization_id, device_id, measured_at, received_at, value, quality, sensor_type,
                unit)
    SELECT DISTINCT ON (organization_id, device_id, sensor_type, measured_at)
           organization_id, device_id, measured_at, clock_timestamp(), value, quality, sensor_type, unit
      FROM sent
     ORDER BY organization_id, device_id, sensor_type, measured_at, position
    ON CONFLICT (organization_id, device_id, sensor_type, measured_at) DO NOTHING
    RETURNING organization_id, device_id, sensor_type, measured_at
)
SELECT position, (organization_id, device_id, sensor_type, measured_at) IN (
           SELECT organization_id, device_id, sensor_type, measured_at FROM stored)
  FROM sent
 ORDER BY position
"""


class SensorRow(NamedTuple):
    """``measured_at`` is aware and cut to milliseconds."""

    device_id: int
    sensor_type: str
    measured_at: datetime
    value: float
    unit: str
    quality: int | None = None
    battery_level: int | None = None


def store_sensor_steps(rows: Sequence[SensorRow], organization_ids: Sequence[int]) -> Steps[list[Outcome]]:
    """One outcome for each row, in the order sent: created or duplicate."""
    found = yield INSERT, _columns(rows, organization_ids)
    outcomes: list[Outcome] = []
    seen: set[tuple[int, int, str, datetime]] = set()
    for (_, is_new), row, organization_id in zip(found, rows, organization_ids, strict=True):
        place = (organization_id, row.device_id, row.sensor_type, row.measured_at)
        outcomes.append(Outcome.CREATED if is_new and place not in seen else Outcome.DUPLICATE)
        seen.add(place)
    return outcomes


def _columns(rows: Sequence[SensorRow], organization_ids: Sequence[int]) -> dict[str, Any]:
    return {
        "organization_id": numbers(organization_ids),
        "device_id": numbers([row.device_id for row in rows]),
        "sensor_type": names([row.sensor_type for row in rows]),
        "measured_at": instants(row.measured_at for row in rows),
        "value": numbers([row.value for row in rows]),
        "unit": names([row.unit for row in rows]),
        "quality": numbers([row.quality for row in rows]),
    }
