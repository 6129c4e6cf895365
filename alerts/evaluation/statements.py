"""What the evaluator asks of the database, for many patients of the organization in scope."""

from __future__ import annotations

# Those with new readings first, the longest waiting of them at first.
DUE = """
SELECT patient_id
  FROM ((SELECT patient_id, 1 AS place, marked_at AS since FROM readings_evaluationmark
          WHERE organization_id = %(organization_id)s AND patient_id <> ALL (%(left)s)
          ORDER BY marked_at, patient_id LIMIT %(limit)s)
        UNION ALL
        (SELECT patient_id, 2, next_look_at FROM alerts_patientevaluation
          WHERE organization_id = %(organization_id)s AND next_look_at <= %(now)s AND patient_id <> ALL (%(left)s)
          ORDER BY next_look_at, patient_id LIMIT %(limit)s)) AS due
 GROUP BY patient_id ORDER BY min(place), min(since), patient_id LIMIT %(limit)s
"""

# Neither waits: several evaluators divide the patients among them, and no reading's store waits for two of us. The
# patient's row as well, in the mode of the foreign keys: who changes a patient holds it first and the state then.
CLAIM = """
SELECT state.patient_id, patient.timezone
  FROM unnest(%(patient_id)s::bigint[]) AS asked (patient_id)
  JOIN patients_patient patient
    ON patient.organization_id = %(organization_id)s AND patient.id = asked.patient_id
  JOIN readings_patientstate state
    ON state.organization_id = patient.organization_id AND state.patient_id = patient.id
 ORDER BY state.patient_id
   FOR KEY SHARE OF patient SKIP LOCKED FOR UPDATE OF state SKIP LOCKED
"""

# Whom vital signs came of before any glucose: there is no state yet to hold. Two evaluators divide them all the same,
# and no store waits, for foreign keys ask for less.
CLAIM_WITHOUT_STATE = """
SELECT patient.id, patient.timezone
  FROM patients_patient patient
 WHERE patient.organization_id = %(organization_id)s AND patient.id = ANY (%(patient_id)s)
   AND NOT EXISTS (SELECT 1 FROM readings_patientstate state
                    WHERE state.organization_id = patient.organization_id AND state.patient_id = patient.id)
 ORDER BY patient.id
   FOR NO KEY UPDATE OF patient SKIP LOCKED
"""

# What people do meanwhile would be written over with what was read before: held until the transaction ends.
HOLD_EPISODES = """
SELECT id FROM alerts_episode
 WHERE organization_id = %(organization_id)s AND patient_id = ANY (%(patient_id)s)
   AND state = ANY (%(open_states)s) AND kind = 'rule'
   FOR NO KEY UPDATE
"""

# What the last look left, and the devices that measure the patient now, as one JSON text.
REMEMBERED = """
SELECT asked.patient_id, evaluation.evaluated_through, evaluation.seen::text, evaluation.rules::text, contact.devices
  FROM unnest(%(patient_id)s::bigint[]) AS asked (patient_id)
  LEFT JOIN alerts_patientevaluation evaluation
    ON evaluation.organization_id = %(organization_id)s AND evaluation.patient_id = asked.patient_id
  LEFT JOIN (
       SELECT assignment.patient_id,
              json_agg(json_build_array(device.id, device.last_seen_at, device.kind, device.expected_lag_minutes,
                                        assignment.starts_at))::text AS devices
         FROM devices_assignment assignment
         JOIN devices_device device
           ON device.organization_id = assignment.organization_id AND device.id = assignment.device_id
        WHERE assignment.organization_id = %(organization_id)s AND assignment.patient_id = ANY (%(patient_id)s)
          AND assignment.starts_at <= %(now)s AND (assignment.ends_at IS NULL OR assignment.ends_at > %(now)s)
        GROUP BY assignment.patient_id) contact
    ON contact.patient_id = asked.patient_id
"""

# One JSON text of a patient's readings: as rows of columns they took a third of a round to be read.
# ``oldest`` is a constant for the planner: only the partitions behind it are opened.
READINGS = """
SELECT reading.patient_id,
       json_agg(json_build_array(reading.measured_at, reading.glucose, reading.device_id, reading.received_at,
                                 reading.quality, reading.battery_level, reading.is_copy)
                ORDER BY reading.measured_at, reading.device_id)::text
  FROM unnest(%(patient_id)s::bigint[], %(since)s::timestamptz[]) AS asked (patient_id, since)
  JOIN readings_glucosereading reading
    ON reading.organization_id = %(organization_id)s AND reading.patient_id = asked.patient_id
   AND reading.measured_at > asked.since
 WHERE reading.measured_at > %(oldest)s
 GROUP BY reading.patient_id
"""

# Only where some rule asks for them. ``oldest`` as above.
MEASURED = """
SELECT one.patient_id,
       json_agg(json_build_array(one.measured_at, one.metric, one.value, one.second_value, one.source_number,
                                 one.received_at))::text
  FROM unnest(%(patient_id)s::bigint[], %(since)s::timestamptz[]) AS asked (patient_id, since)
  JOIN vitals_measurement one
    ON one.organization_id = %(organization_id)s AND one.patient_id = asked.patient_id
   AND one.metric = ANY (%(metric)s::smallint[]) AND one.measured_at > asked.since
 WHERE one.measured_at > %(oldest)s
 GROUP BY one.patient_id
"""

# One JSON text: quoting each JSON value of an array again took an eighth of a round.
KEEP = """
INSERT INTO alerts_patientevaluation (organization_id, patient_id, evaluated_at, evaluated_through, seen, rules,
            next_look_at)
SELECT %(organization_id)s, patient_id, %(now)s, evaluated_through, seen, rules, next_look_at
  FROM jsonb_to_recordset(%(kept)s::jsonb)
       AS kept (patient_id bigint, evaluated_through timestamptz, seen jsonb, rules jsonb, next_look_at timestamptz)
 ORDER BY patient_id
ON CONFLICT (organization_id, patient_id) DO UPDATE
   SET evaluated_at = EXCLUDED.evaluated_at, evaluated_through = EXCLUDED.evaluated_through, seen = EXCLUDED.seen,
       rules = EXCLUDED.rules, next_look_at = EXCLUDED.next_look_at
"""

# What follows from the marks that are taken: late readings leave a row on the timeline. Those of an hour share one,
# or a source that always lags would leave as many rows as readings. The patient's lock is held: nobody else adds one.
TAKE_MARKS = """
WITH taken AS (
    DELETE FROM readings_evaluationmark
     WHERE organization_id = %(organization_id)s AND patient_id = ANY (%(patient_id)s)
    RETURNING patient_id, marked_at, late_count, late_from, late_until
), late AS MATERIALIZED (
    SELECT taken.*, (SELECT row.id FROM alerts_latereadings row
                      WHERE row.organization_id = %(organization_id)s AND row.patient_id = taken.patient_id
                        AND row.arrived_at > now() - interval '1 hour'
                      ORDER BY row.arrived_at DESC LIMIT 1) AS row_id
      FROM taken WHERE late_count > 0
), added AS (
    INSERT INTO alerts_latereadings (organization_id, patient_id, count, first_at, last_at)
    SELECT %(organization_id)s, patient_id, late_count, late_from, late_until FROM late WHERE row_id IS NULL
     ORDER BY patient_id
), grown AS (
    UPDATE alerts_latereadings row
       SET count = row.count + late.late_count, first_at = LEAST(row.first_at, late.late_from),
           last_at = GREATEST(row.last_at, late.late_until)
      FROM late
     WHERE row.organization_id = %(organization_id)s AND row.id = late.row_id
)
SELECT patient_id, marked_at FROM taken
"""

# Rules, quiet hours or a person changed what must be looked at, without a reading.
LOOK_AGAIN = """
INSERT INTO readings_evaluationmark (organization_id, patient_id, late_count)
SELECT known.organization_id, known.patient_id, 0
  FROM (SELECT state.organization_id, state.patient_id FROM readings_patientstate state
         WHERE state.organization_id = %(organization_id)s
         UNION
        SELECT evaluated.organization_id, evaluated.patient_id FROM alerts_patientevaluation evaluated
         WHERE evaluated.organization_id = %(organization_id)s) known
 WHERE known.organization_id = %(organization_id)s
   AND (%(patient_id)s::bigint[] IS NULL OR known.patient_id = ANY (%(patient_id)s::bigint[]))
 ORDER BY known.patient_id
ON CONFLICT (organization_id, patient_id) DO NOTHING
"""
