"""What summarising and marking days asks of the database, for one patient of the organization in scope."""

from __future__ import annotations

# Neither waits: several workers divide the patients among them, and no reading's store has to wait for two of us. The
# patient's row as well, in the mode of the foreign keys below: who changes a patient holds it first and the state then.
CLAIM = """
SELECT 1
  FROM patients_patient patient
  JOIN readings_patientstate state
    ON state.organization_id = patient.organization_id AND state.patient_id = patient.id
 WHERE patient.organization_id = %(organization_id)s AND patient.id = %(patient_id)s
   FOR KEY SHARE OF patient SKIP LOCKED FOR UPDATE OF state SKIP LOCKED
"""

TAKE_MARKS = """
DELETE FROM readings_dirtyday
 WHERE organization_id = %(organization_id)s AND patient_id = %(patient_id)s
   AND day IN (SELECT day FROM readings_dirtyday
                WHERE organization_id = %(organization_id)s AND patient_id = %(patient_id)s
                ORDER BY day DESC LIMIT %(limit)s)
RETURNING day
"""

# From local midnight to local midnight. Where the clock skips midnight the day begins at the change, where it repeats
# it at the second one: that is what AT TIME ZONE answers. The constants ``since`` and ``until`` let the planner open
# only the partitions in between. 7.8 mmol/L are kept as 141 mg/dL; the other limits are the same numbers in both units.
SUMMARISE = """
WITH day AS MATERIALIZED (
    SELECT wanted.day, patient.timezone,
           wanted.day::timestamp AT TIME ZONE patient.timezone AS starts_at,
           (wanted.day + 1)::timestamp AT TIME ZONE patient.timezone AS ends_at
      FROM unnest(%(days)s::date[]) AS wanted (day)
      JOIN patients_patient patient
        ON patient.organization_id = %(organization_id)s AND patient.id = %(patient_id)s
), reading AS MATERIALIZED (
    SELECT day.day, reading.glucose, reading.range_flag,
           CASE reading.unit WHEN 2 THEN 141 ELSE 140 END AS tight_until,
           reading.measured_at - lag(reading.measured_at)
               OVER (PARTITION BY day.day ORDER BY reading.measured_at) AS gap,
           floor(extract(epoch FROM reading.measured_at - day.starts_at) / 3600)::integer AS hour
      FROM day
      JOIN readings_glucosereading reading
        ON reading.organization_id = %(organization_id)s AND reading.patient_id = %(patient_id)s
       AND reading.measured_at >= day.starts_at AND reading.measured_at < day.ends_at
     WHERE reading.measured_at BETWEEN %(since)s AND %(until)s AND NOT reading.is_copy
), figures AS (
    SELECT day, count(*) AS count,
           count(*) FILTER (WHERE range_flag < 0) AS below_sensor_range,
           count(*) FILTER (WHERE range_flag > 0) AS above_sensor_range,
           count(*) FILTER (WHERE glucose < 54) AS very_low,
           count(*) FILTER (WHERE glucose BETWEEN 54 AND 69) AS low,
           count(*) FILTER (WHERE glucose BETWEEN 70 AND 180) AS in_range,
           count(*) FILTER (WHERE glucose BETWEEN 181 AND 250) AS high,
           count(*) FILTER (WHERE glucose > 250) AS very_high,
           count(*) FILTER (WHERE glucose BETWEEN 70 AND tight_until) AS tight_range,
           count(*) FILTER (WHERE glucose < 63) AS below_63,
           count(*) FILTER (WHERE glucose BETWEEN 63 AND tight_until) AS pregnancy_range,
           greatest(1, round(extract(epoch FROM COALESCE(percentile_cont(0.5) WITHIN GROUP (ORDER BY gap),
                                                         interval '5 minutes')) / 60)) AS interval,
           sum(glucose) AS total, sum(glucose::integer * glucose) AS squares,
           min(glucose) FILTER (WHERE range_flag = 0) AS minimum,
           max(glucose) FILTER (WHERE range_flag = 0) AS maximum,
           min(glucose) / %(bin)s AS first_bin, max(glucose) / %(bin)s AS last_bin
      FROM reading GROUP BY day
), bin AS (
    SELECT day, glucose / %(bin)s AS number, count(*) AS count FROM reading GROUP BY 1, 2
), hour AS (
    SELECT day, hour AS number, count(*) AS count, sum(glucose) AS total,
           min(glucose) FILTER (WHERE range_flag = 0) AS minimum,
           max(glucose) FILTER (WHERE range_flag = 0) AS maximum
      FROM reading GROUP BY 1, 2
)
INSERT INTO readings_daysummary (organization_id, patient_id, day, timezone, starts_at, ends_at, count,
            below_sensor_range, above_sensor_range, very_low, low, in_range, high, very_high, tight_range, below_63,
            pregnancy_range, interval, total, squares, minimum, maximum, histogram_from, histogram, hour_counts,
            hour_totals, hour_minima, hour_maxima, summarised_at)
SELECT %(organization_id)s, %(patient_id)s, day.day, day.timezone, day.starts_at, day.ends_at, figures.count,
       figures.below_sensor_range, figures.above_sensor_range, figures.very_low, figures.low, figures.in_range,
       figures.high, figures.very_high, figures.tight_range, figures.below_63, figures.pregnancy_range,
       figures.interval, figures.total, figures.squares, figures.minimum, figures.maximum, figures.first_bin,
       histogram.counts, by_hour.counts, by_hour.totals, by_hour.minima, by_hour.maxima, now()
  FROM figures
  JOIN day USING (day)
 CROSS JOIN LATERAL (
       SELECT array_agg(COALESCE(bin.count, 0) ORDER BY place) AS counts
         FROM generate_series(figures.first_bin, figures.last_bin) AS place
         LEFT JOIN bin ON bin.day = figures.day AND bin.number = place) histogram
 CROSS JOIN LATERAL (
       SELECT array_agg(COALESCE(hour.count, 0) ORDER BY place) AS counts,
              array_agg(hour.total ORDER BY place) AS totals, array_agg(hour.minimum ORDER BY place) AS minima,
              array_agg(hour.maximum ORDER BY place) AS maxima
         FROM generate_series(0, ceil(extract(epoch FROM day.ends_at - day.starts_at) / 3600)::integer - 1) AS place
         LEFT JOIN hour ON hour.day = day.day AND hour.number = place) by_hour
ON CONFLICT (organization_id, patient_id, day) DO UPDATE
   SET timezone = EXCLUDED.timezone, starts_at = EXCLUDED.starts_at, ends_at = EXCLUDED.ends_at,
       count = EXCLUDED.count, below_sensor_range = EXCLUDED.below_sensor_range,
       above_sensor_range = EXCLUDED.above_sensor_range, very_low = EXCLUDED.very_low, low = EXCLUDED.low,
       in_range = EXCLUDED.in_range, high = EXCLUDED.high, very_high = EXCLUDED.very_high,
       tight_range = EXCLUDED.tight_range, below_63 = EXCLUDED.below_63, pregnancy_range = EXCLUDED.pregnancy_range,
       interval = EXCLUDED.interval, total = EXCLUDED.total, squares = EXCLUDED.squares,
       minimum = EXCLUDED.minimum, maximum = EXCLUDED.maximum,
       histogram_from = EXCLUDED.histogram_from, histogram = EXCLUDED.histogram, hour_counts = EXCLUDED.hour_counts,
       hour_totals = EXCLUDED.hour_totals, hour_minima = EXCLUDED.hour_minima, hour_maxima = EXCLUDED.hour_maxima,
       summarised_at = EXCLUDED.summarised_at
RETURNING day
"""

# A day more on both sides: in another zone its readings may lie there.
MARK_EVERY_DAY = """
INSERT INTO readings_dirtyday (organization_id, patient_id, day)
SELECT patient.organization_id, patient.id, day::date
  FROM patients_patient patient
 CROSS JOIN LATERAL (
       SELECT min(reading.measured_at) AS first, max(reading.measured_at) AS last
         FROM readings_glucosereading reading
        WHERE reading.organization_id = patient.organization_id AND reading.patient_id = patient.id) reading
 CROSS JOIN LATERAL generate_series((reading.first AT TIME ZONE patient.timezone)::date - 1,
                                    (reading.last AT TIME ZONE patient.timezone)::date + 1, interval '1 day') AS day
 WHERE patient.organization_id = %(organization_id)s AND patient.id = %(patient_id)s
ON CONFLICT (organization_id, patient_id, day) DO NOTHING
"""

FORGET_DAYS_BEYOND_THE_MARKS = """
DELETE FROM readings_daysummary summary
 WHERE summary.organization_id = %(organization_id)s AND summary.patient_id = %(patient_id)s
   AND NOT EXISTS (SELECT 1 FROM readings_dirtyday dirty
                    WHERE dirty.organization_id = summary.organization_id AND dirty.patient_id = summary.patient_id
                      AND dirty.day = summary.day)
"""
