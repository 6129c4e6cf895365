"""Plain inserts of readings: baselines, without any rule of the platform."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from readings.rows import ReadingRow

# A device's patient has the same id.
INSERT_UNNEST = """
INSERT INTO readings_glucosereading (organization_id, patient_id, measured_at, device_id, glucose, unit, range_flag,
            quality, confidence, battery_level, sensor_data, is_copy, received_at)
SELECT %(organization)s, device_id, measured_at, device_id, glucose, unit, range_flag, quality, confidence,
       battery_level, sensor_data, false, now()
  FROM unnest(%(device_id)s::bigint[], %(measured_at)s::timestamptz[], %(glucose)s::smallint[], %(unit)s::smallint[],
              %(range_flag)s::smallint[], %(quality)s::smallint[], %(confidence)s::numeric[],
              %(battery_level)s::smallint[], %(sensor_data)s::jsonb[])
       AS row (device_id, measured_at, glucose, unit, range_flag, quality, confidence, battery_level, sensor_data)
"""
INSERT_VALUES = """
INSERT INTO readings_glucosereading (organization_id, patient_id, measured_at, device_id, glucose, unit, range_flag,
            is_copy, received_at)
VALUES (%s, %s, %s, %s, %s, 1, 0, false, now())
"""
_PLAIN = ("device_id", "measured_at", "glucose", "unit", "range_flag", "quality", "confidence", "battery_level")


def columns(rows: Sequence[ReadingRow]) -> dict[str, Any]:
    sent: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in _PLAIN}
    sent["sensor_data"] = [json.dumps(row.sensor_data) for row in rows]
    return sent
