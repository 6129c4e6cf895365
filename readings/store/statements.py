"""The statement family of the store. Each takes rows of one or several organizations as arrays.

Rows name their organization everywhere: the policies hold the line, and a distributed engine routes by it.
"""

from __future__ import annotations

# Devices and their assignments are looked up once each, by an index whatever the planner expects (that is what OFFSET 0
# is for): otherwise a batch of a day reads all devices of its clinic. Whether a row is new is asked by IN and not by a
# join: the planner expects one row, joins by comparing all with all, and 2,000 rows take seconds. IN is answered from a
# hash table. Most patients wear one device: only who may wear two is asked about the time around each reading.
INSERT = """
WITH sent AS (
    SELECT *
      FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(measured_at)s::timestamptz[],
                  %(glucose)s::smallint[], %(unit)s::smallint[], %(range_flag)s::smallint[], %(quality)s::smallint[],
                  %(trend)s::smallint[], %(rate)s::float8[], %(confidence)s::numeric[], %(battery_level)s::smallint[],
                  %(sensor_data)s::jsonb[], %(expected_patient_id)s::bigint[])
           WITH ORDINALITY AS row (organization_id, device_id, measured_at, glucose, unit, range_flag, quality, trend,
                                   rate, confidence, battery_level, sensor_data, expected_patient_id, position)
), device AS MATERIALIZED (
    SELECT asked.organization_id, asked.device_id, known.public_number
      FROM (SELECT DISTINCT organization_id, device_id FROM sent) asked
     CROSS JOIN LATERAL (SELECT public_number FROM devices_device device
                          WHERE device.organization_id = asked.organization_id AND device.id = asked.device_id
                         OFFSET 0) known
), period AS MATERIALIZED (
    SELECT device.organization_id, device.device_id, assignment.patient_id, assignment.starts_at, assignment.ends_at,
           EXISTS (SELECT 1 FROM devices_assignment other
                    WHERE other.organization_id = device.organization_id
                      AND other.patient_id = assignment.patient_id
                      AND other.device_id <> device.device_id) AS has_others
      FROM device
     CROSS JOIN LATERAL (SELECT patient_id, starts_at, ends_at FROM devices_assignment assignment
                          WHERE assignment.organization_id = device.organization_id
                            AND assignment.device_id = device.device_id
                         OFFSET 0) assignment
), placed AS (
    SELECT sent.*, device.public_number, period.patient_id, period.starts_at, period.has_others,
           sent.expected_patient_id IS NULL OR sent.expected_patient_id = period.patient_id AS is_theirs
      FROM sent
      JOIN device
        ON device.organization_id = sent.organization_id AND device.device_id = sent.device_id
      LEFT JOIN period
        ON period.organization_id = sent.organization_id AND period.device_id = sent.device_id
       AND period.starts_at <= sent.measured_at AND (period.ends_at IS NULL OR period.ends_at > sent.measured_at)
), stored AS (
    INSERT INTO readings_glucosereading (organization_id, patient_id, measured_at, device_id, glucose, unit,
                range_flag, quality, trend, rate, confidence, battery_level, sensor_data, is_copy, received_at)
    SELECT DISTINCT ON (organization_id, patient_id, measured_at, device_id)
           organization_id, patient_id, measured_at, device_id, glucose, unit, range_flag, quality, trend, rate,
           confidence, battery_level, sensor_data, false, clock_timestamp()
      FROM placed WHERE patient_id IS NOT NULL AND is_theirs
     ORDER BY organization_id, patient_id, measured_at, device_id, position
    ON CONFLICT (organization_id, patient_id, measured_at, device_id) DO NOTHING
    RETURNING organization_id, patient_id, measured_at, device_id
)
SELECT answered.position, answered.patient_id, answered.public_number, answered.is_new, answered.is_theirs,
       answered.starts_at, answered.is_new AND answered.has_others AND EXISTS (
           SELECT 1 FROM devices_assignment other
            WHERE other.organization_id = answered.organization_id AND other.patient_id = answered.patient_id
              AND other.device_id <> answered.device_id
              AND other.starts_at <= answered.measured_at + interval '150 seconds'
              AND (other.ends_at IS NULL OR other.ends_at > answered.measured_at - interval '150 seconds'))
  FROM (SELECT placed.*,
               CASE WHEN patient_id IS NULL THEN false ELSE
                    (organization_id, patient_id, measured_at, device_id) IN (
                        SELECT organization_id, patient_id, measured_at, device_id FROM stored) END AS is_new
          FROM placed OFFSET 0) answered
 ORDER BY answered.position
"""

# A reassignment may have been committed between our look at the assignments and the foreign key's lock on the device;
# from that lock on none can. So the look is repeated here, by a statement that began after it: whether each assignment
# that we went by still begins when it did, and is still in force at the newest reading that it placed.
MISPLACED = """
SELECT 1
  FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(patient_id)s::bigint[],
              %(starts_at)s::timestamptz[], %(newest_at)s::timestamptz[])
       AS used (organization_id, device_id, patient_id, starts_at, newest_at)
 WHERE NOT EXISTS (
       SELECT 1 FROM devices_assignment assignment
        WHERE assignment.organization_id = used.organization_id AND assignment.device_id = used.device_id
          AND assignment.starts_at = used.starts_at AND assignment.patient_id = used.patient_id
          AND (assignment.ends_at IS NULL OR assignment.ends_at > used.newest_at))
 LIMIT 1
"""

# Two stores of one patient go on one after the other, each by statements that see what the other has committed:
# otherwise the later one would judge by an older look, the rate would miss its reading and a copy its twin. Whoever
# summarises a day holds the same lock. In order: no deadlock.
LOCK_STATES = """
SELECT state.organization_id, state.patient_id, state.measured_at
  FROM unnest(%(organization_id)s::bigint[], %(patient_id)s::bigint[]) AS patient (organization_id, id)
  JOIN readings_patientstate state
    ON state.organization_id = patient.organization_id AND state.patient_id = patient.id
 ORDER BY state.organization_id, state.patient_id FOR UPDATE OF state
"""

# Before a patient's first reading there is no row to hold.
LOCK_FIRST = """
SELECT pg_advisory_xact_lock(hashtextextended('readings_patientstate', organization_id # (patient_id << 24)))
  FROM unnest(%(organization_id)s::bigint[], %(patient_id)s::bigint[]) AS patient (organization_id, patient_id)
 ORDER BY organization_id, patient_id
"""

# Phone and receiver send the same measurement as two devices: within 150 s and 1 mg/dL of each other. The one of the
# older device is read; which one arrived first makes no difference. ``since`` and ``until`` are constants for the
# planner: only the partitions in between are opened.
FLAG_COPIES = """
WITH judged AS (
    SELECT reading.organization_id, reading.patient_id, reading.measured_at, reading.device_id, EXISTS (
           SELECT 1 FROM readings_glucosereading twin
            WHERE twin.organization_id = reading.organization_id AND twin.patient_id = reading.patient_id
              AND twin.measured_at BETWEEN reading.measured_at - interval '150 seconds'
                                       AND reading.measured_at + interval '150 seconds'
              AND twin.measured_at BETWEEN %(since)s AND %(until)s
              AND twin.device_id < reading.device_id AND twin.range_flag = reading.range_flag
              AND abs(twin.glucose - reading.glucose) <= 1) AS is_copy
      FROM (SELECT DISTINCT near.organization_id, near.patient_id, near.measured_at, near.device_id, near.glucose,
                   near.range_flag
              FROM unnest(%(organization_id)s::bigint[], %(patient_id)s::bigint[], %(measured_at)s::timestamptz[])
                   AS touched (organization_id, patient_id, measured_at)
              JOIN readings_glucosereading near
                ON near.organization_id = touched.organization_id AND near.patient_id = touched.patient_id
               AND near.measured_at BETWEEN touched.measured_at - interval '150 seconds'
                                        AND touched.measured_at + interval '150 seconds'
               AND near.measured_at BETWEEN %(since)s AND %(until)s) reading
)
UPDATE readings_glucosereading reading SET is_copy = judged.is_copy
  FROM judged
 WHERE reading.organization_id = judged.organization_id AND reading.patient_id = judged.patient_id
   AND reading.measured_at = judged.measured_at AND reading.device_id = judged.device_id
   AND reading.measured_at BETWEEN %(since)s AND %(until)s AND reading.is_copy <> judged.is_copy
RETURNING reading.organization_id, reading.patient_id, reading.measured_at
"""

# The newest canonical reading of each patient, with the slope over the 20 minutes before it: least squares over at
# least three readings that span at least 10 minutes, since two readings 30 s apart would give an arrow made of noise.
# Arrows change at 1, 2 and 3 mg/dL/min. The constants ``since`` and ``until`` let the planner open only the partitions
# in between; without them planning costs several times what the rest does. The state is locked: what is found is true.
REFRESH_STATES = """
INSERT INTO readings_patientstate AS state (organization_id, patient_id, device_id, measured_at, glucose, unit,
            range_flag, quality, trend, rate, confidence, battery_level, sensor_data, received_at)
SELECT patient.organization_id, patient.id, newest.device_id, newest.measured_at, newest.glucose, newest.unit,
       newest.range_flag, newest.quality,
       COALESCE(newest.trend, CASE WHEN slope.rate IS NULL THEN 8 WHEN slope.rate > 3 THEN 1 WHEN slope.rate > 2 THEN 2
                     WHEN slope.rate > 1 THEN 3 WHEN slope.rate >= -1 THEN 4 WHEN slope.rate >= -2 THEN 5
                     WHEN slope.rate >= -3 THEN 6 ELSE 7 END),
       COALESCE(newest.rate, slope.rate), newest.confidence, newest.battery_level, newest.sensor_data,
       newest.received_at
  FROM unnest(%(organization_id)s::bigint[], %(patient_id)s::bigint[], %(newest_at)s::timestamptz[])
       AS patient (organization_id, id, newest_at)
 CROSS JOIN LATERAL (
       SELECT * FROM readings_glucosereading reading
        WHERE reading.organization_id = patient.organization_id AND reading.patient_id = patient.id
          AND NOT reading.is_copy AND reading.measured_at BETWEEN %(since)s AND %(until)s
          AND reading.measured_at <= patient.newest_at
        ORDER BY reading.measured_at DESC, reading.device_id DESC LIMIT 1) newest
 CROSS JOIN LATERAL (
       SELECT CASE WHEN count(*) >= 3 AND max(reading.measured_at) - min(reading.measured_at) >= interval '10 minutes'
                   THEN round((regr_slope(reading.glucose, extract(epoch FROM reading.measured_at - newest.measured_at))
                               * 60)::numeric, 2)::float8 END AS rate
         FROM readings_glucosereading reading
        WHERE reading.organization_id = patient.organization_id AND reading.patient_id = patient.id
          AND NOT reading.is_copy AND reading.range_flag = 0 AND newest.range_flag = 0
          AND reading.measured_at BETWEEN %(since)s AND %(until)s
          AND reading.measured_at > newest.measured_at - interval '20 minutes'
          AND reading.measured_at <= newest.measured_at) slope
 ORDER BY patient.organization_id, patient.id
ON CONFLICT (organization_id, patient_id) DO UPDATE
   SET device_id = EXCLUDED.device_id, measured_at = EXCLUDED.measured_at, glucose = EXCLUDED.glucose,
       unit = EXCLUDED.unit, range_flag = EXCLUDED.range_flag, quality = EXCLUDED.quality, trend = EXCLUDED.trend,
       rate = EXCLUDED.rate, confidence = EXCLUDED.confidence, battery_level = EXCLUDED.battery_level,
       sensor_data = EXCLUDED.sensor_data, received_at = EXCLUDED.received_at
"""

# For the summaries and for the evaluator of alarm rules, which both begin with the state's lock. A day begins where
# PostgreSQL puts its midnight: the later one where the clock goes back over it (Havana). What lies between the two
# belongs to the day before. What is older than 15 minutes on arrival never alarms. OFFSET 0: see INSERT.
MARK = """
WITH row AS MATERIALIZED (
    SELECT *
      FROM unnest(%(organization_id)s::bigint[], %(patient_id)s::bigint[], %(measured_at)s::timestamptz[])
           AS row (organization_id, patient_id, measured_at)
), patient AS MATERIALIZED (
    SELECT asked.organization_id, asked.patient_id, known.timezone
      FROM (SELECT DISTINCT organization_id, patient_id FROM row) asked
     CROSS JOIN LATERAL (SELECT timezone FROM patients_patient patient
                          WHERE patient.organization_id = asked.organization_id AND patient.id = asked.patient_id
                         OFFSET 0) known
), unevaluated AS (
    INSERT INTO readings_evaluationmark AS mark (organization_id, patient_id, late_count, late_from, late_until)
    SELECT organization_id, patient_id, count(late_at), min(late_at), max(late_at)
      FROM (SELECT organization_id, patient_id,
                   CASE WHEN measured_at < now() - interval '15 minutes' THEN measured_at END AS late_at
              FROM row) arrived
     GROUP BY organization_id, patient_id
     ORDER BY organization_id, patient_id
    ON CONFLICT (organization_id, patient_id) DO UPDATE
       SET late_count = mark.late_count + EXCLUDED.late_count,
           late_from = LEAST(mark.late_from, EXCLUDED.late_from),
           late_until = GREATEST(mark.late_until, EXCLUDED.late_until)
     WHERE EXCLUDED.late_count > 0
)
INSERT INTO readings_dirtyday (organization_id, patient_id, day)
SELECT DISTINCT row.organization_id, row.patient_id,
       local.day - (row.measured_at < local.day::timestamp AT TIME ZONE patient.timezone)::integer
  FROM row
  JOIN patient ON patient.organization_id = row.organization_id AND patient.patient_id = row.patient_id
 CROSS JOIN LATERAL (SELECT (row.measured_at AT TIME ZONE patient.timezone)::date AS day) local
 ORDER BY 1, 2, 3
ON CONFLICT (organization_id, patient_id, day) DO NOTHING
"""

# Devices whose contact is a minute old at least are few: most transactions write none. What listeners were told of them
# last stands in devices_presence: where the contact brings news they are looked at (devices/presence.py). Silence is
# asked of the contact itself as well: whoever tells at this moment that the device is offline is not to be seen yet.
NOTE_CONTACT = """
WITH sent AS MATERIALIZED (
    SELECT asked.organization_id, asked.id, asked.battery_level, asked.signal_is_poor,
           seen.last_seen_at IS NULL OR seen.last_seen_at < now() - 3 * seen.reading_interval * interval '1 second'
           OR told.told_online IS NOT TRUE
           OR asked.battery_level IS NOT NULL AND (asked.battery_level < 20) IS DISTINCT FROM told.told_low_battery
           OR asked.signal_is_poor <> COALESCE(told.signal_is_poor, NOT asked.signal_is_poor) AS is_news
      FROM unnest(%(organization_id)s::bigint[], %(device_id)s::bigint[], %(battery_level)s::smallint[],
                  %(signal_is_poor)s::boolean[])
           AS asked (organization_id, id, battery_level, signal_is_poor)
     CROSS JOIN LATERAL (SELECT last_seen_at, reading_interval FROM devices_device device
                          WHERE device.organization_id = asked.organization_id AND device.id = asked.id
                         OFFSET 0) seen
      LEFT JOIN LATERAL (SELECT told_online, told_low_battery, signal_is_poor FROM devices_presence presence
                          WHERE presence.organization_id = asked.organization_id AND presence.device_id = asked.id
                         OFFSET 0) told ON true
     WHERE seen.last_seen_at IS NULL OR seen.last_seen_at < now() - interval '1 minute'
), contact AS (
    UPDATE devices_device device
       SET last_seen_at = now(), battery_level = COALESCE(sent.battery_level, device.battery_level)
      FROM sent
     WHERE device.organization_id = sent.organization_id AND device.id = sent.id
       AND (device.last_seen_at IS NULL OR device.last_seen_at < now() - interval '1 minute')
    RETURNING device.organization_id, device.id, sent.signal_is_poor, sent.is_news
)
INSERT INTO devices_presence AS presence (organization_id, device_id, signal_is_poor, look_at)
SELECT organization_id, id, signal_is_poor, now() FROM contact WHERE is_news ORDER BY organization_id, id
ON CONFLICT (organization_id, device_id) DO UPDATE
   SET look_at = EXCLUDED.look_at, signal_is_poor = COALESCE(EXCLUDED.signal_is_poor, presence.signal_is_poor)
"""
