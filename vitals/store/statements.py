"""Like the store of readings: rows of one or several organizations as arrays, placed by the assignment in force."""

from __future__ import annotations

INSERT = """
WITH sent AS (
    SELECT *
      FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(metric)s::smallint[],
                  %(measured_at)s::timestamptz[], %(value)s::float8[], %(second)s::float8[], %(unit)s::text[],
                  %(quality)s::smallint[], %(expected_patient_id)s::bigint[])
           WITH ORDINALITY AS row (organization_id, device_id, metric, measured_at, value, second, unit, quality,
                                   expected_patient_id, position)
), device AS MATERIALIZED (
    SELECT asked.organization_id, asked.device_id, known.public_number
      FROM (SELECT DISTINCT organization_id, device_id FROM sent) asked
     CROSS JOIN LATERAL (SELECT public_number FROM devices_device device
                          WHERE device.organization_id = asked.organization_id AND device.id = asked.device_id
                         OFFSET 0) known
), period AS MATERIALIZED (
    SELECT device.organization_id, device.device_id, assignment.patient_id, assignment.starts_at, assignment.ends_at
      FROM device
     CROSS JOIN LATERAL (SELECT patient_id, starts_at, ends_at FROM devices_assignment assignment
                          WHERE assignment.organization_id = device.organization_id
                            AND assignment.device_id = device.device_id
                         OFFSET 0) assignment
), placed AS (
    SELECT sent.*, device.public_number, period.patient_id, period.starts_at,
           sent.expected_patient_id IS NULL OR sent.expected_patient_id = period.patient_id AS is_theirs
      FROM sent
      JOIN device
        ON device.organization_id = sent.organization_id AND device.device_id = sent.device_id
      LEFT JOIN period
        ON period.organization_id = sent.organization_id AND period.device_id = sent.device_id
       AND period.starts_at <= sent.measured_at AND (period.ends_at IS NULL OR period.ends_at > sent.measured_at)
), stored AS (
    INSERT INTO vitals_measurement (organization_id, patient_id, source_number, device_id, measured_at, received_at,
                value, second_value, metric, quality, unit, source, notes)
    SELECT DISTINCT ON (organization_id, patient_id, metric, measured_at, public_number)
           organization_id, patient_id, public_number, device_id, measured_at, clock_timestamp(),
           value, second, metric, quality, unit, 'device', ''
      FROM placed WHERE patient_id IS NOT NULL AND is_theirs
     ORDER BY organization_id, patient_id, metric, measured_at, public_number, position
    ON CONFLICT (organization_id, patient_id, metric, measured_at, source_number) DO NOTHING
    RETURNING organization_id, patient_id, metric, measured_at, source_number
)
SELECT placed.position, placed.patient_id, placed.public_number, placed.is_theirs, placed.starts_at,
       CASE WHEN placed.patient_id IS NULL THEN false ELSE
            (placed.organization_id, placed.patient_id, placed.metric, placed.measured_at, placed.public_number) IN (
                SELECT organization_id, patient_id, metric, measured_at, source_number FROM stored) END
  FROM placed
 ORDER BY placed.position
"""
