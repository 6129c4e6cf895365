from __future__ import annotations

from django.db import migrations, models

from tenancy import roles
from tenancy.operations import LookupFunction

# Which clinics have a day to summarise: ids, never a row.
DIRTY_ORGANIZATIONS = """
    SELECT organization.id FROM tenancy_organization organization
     WHERE EXISTS (SELECT 1 FROM readings_dirtyday dirty WHERE dirty.organization_id = organization.id)
"""

# Of the clinic in scope, by its own time: the caller names patients only. At most 5,000 readings, one patient after
# the other under the lock of the store. The day that the time ends in is summarised anew from what is left of it.
# greatest() would take a clinic that keeps all readings for one that keeps them for a day: it passes nulls over.
EXPIRE = """
DECLARE
    organization bigint := current_setting('app.organization_id')::bigint;
    cutoff timestamptz;
    patient bigint;
    zone text;
    first_kept_day date;
    removed bigint;
    total bigint := 0;
BEGIN
    SELECT now() - make_interval(hours => 24 * reading_retention_days) INTO cutoff
      FROM tenancy_organization WHERE id = organization AND reading_retention_days >= 1;
    IF cutoff IS NULL THEN
        RETURN 0;
    END IF;
    FOREACH patient IN ARRAY ARRAY(SELECT DISTINCT number FROM unnest(p_patients) AS number ORDER BY number) LOOP
        -- The patient before the state, as those who change a patient hold them.
        PERFORM 1 FROM patients_patient WHERE organization_id = organization AND id = patient FOR KEY SHARE;
        PERFORM 1 FROM readings_patientstate
          WHERE organization_id = organization AND patient_id = patient FOR UPDATE;
        SELECT timezone, (cutoff AT TIME ZONE timezone)::date INTO zone, first_kept_day
          FROM patients_patient WHERE organization_id = organization AND id = patient;
        CONTINUE WHEN NOT FOUND;
        WITH old AS (
            SELECT measured_at, device_id FROM readings_glucosereading
             WHERE organization_id = organization AND patient_id = patient AND measured_at < cutoff
             ORDER BY measured_at LIMIT 5000 - total
        ), gone AS (
            DELETE FROM readings_glucosereading reading USING old
             WHERE reading.organization_id = organization AND reading.patient_id = patient
               AND reading.measured_at = old.measured_at AND reading.device_id = old.device_id
               AND reading.measured_at < cutoff
            RETURNING reading.measured_at
        ), marked AS (
            INSERT INTO readings_dirtyday (organization_id, patient_id, day)
            SELECT DISTINCT organization, patient, first_kept_day FROM gone
             WHERE (measured_at AT TIME ZONE zone)::date >= first_kept_day
            ON CONFLICT (organization_id, patient_id, day) DO NOTHING
        )
        SELECT count(*) INTO removed FROM gone;
        total := total + removed;
        EXIT WHEN total >= 5000;
        DELETE FROM readings_daysummary
         WHERE organization_id = organization AND patient_id = patient AND day < first_kept_day;
        DELETE FROM readings_dirtyday
         WHERE organization_id = organization AND patient_id = patient AND day < first_kept_day;
        DELETE FROM readings_amendment
         WHERE organization_id = organization AND patient_id = patient AND measured_at < cutoff;
    END LOOP;
    RETURN total;
END
"""

# Months that are empty and older than two years, from the oldest on. The history partition, which ends where they
# begin, is let reach over them, so that a late reading of theirs still has its place. One of more than 64 MB would take
# too long to be checked while everybody waits; another one is begun behind it then.
DROP_EMPTY_MONTHS = """
DECLARE
    oldest_kept date := date_trunc('month', now() AT TIME ZONE 'UTC') - interval '24 months';
    months text[] := '{}';
    month record;
    filled boolean;
    starts text;
    ends text;
    history text;
    history_starts text;
BEGIN
    PERFORM set_config('lock_timeout', '1s', true);
    FOR month IN
        SELECT relname, to_date(right(relname, 7), 'YYYY"m"MM') AS first_day FROM pg_class
         WHERE relname ~ '^readings_glucosereading_y[0-9]{4}m[0-9]{2}$' AND relkind = 'r' AND relispartition
         ORDER BY relname
    LOOP
        EXIT WHEN month.first_day >= oldest_kept;
        IF months = '{}' THEN
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', month.relname) INTO filled;
            EXIT WHEN filled;
            -- Whoever has written has committed, and nobody writes until the end: only now empty means empty.
            LOCK TABLE ONLY readings_glucosereading IN ACCESS EXCLUSIVE MODE;
            starts := month.first_day::text || ' 00:00:00+00';
        END IF;
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', month.relname) INTO filled;
        EXIT WHEN filled;
        months := months || month.relname::text;
        ends := (month.first_day + interval '1 month')::date::text || ' 00:00:00+00';
    END LOOP;
    IF months = '{}' THEN
        RETURN 0;
    END IF;

    SELECT relname, substring(pg_get_expr(relpartbound, oid) from 'FROM [(](.*)[)] TO') INTO history, history_starts
      FROM pg_class WHERE relname ~ '^readings_glucosereading_history' AND relkind = 'r' AND relispartition
     ORDER BY relname DESC LIMIT 1;
    FOR month IN SELECT unnest(months) AS relname LOOP
        EXECUTE format('DROP TABLE %I', month.relname);
    END LOOP;
    IF pg_relation_size(history::regclass) <= 64 * 1024 * 1024 THEN
        EXECUTE format('ALTER TABLE readings_glucosereading DETACH PARTITION %I', history);
    ELSE
        history := 'readings_glucosereading_history_' || right(months[1], 8);
        history_starts := quote_literal(starts);
        EXECUTE format('CREATE TABLE %I (LIKE readings_glucosereading INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                       history);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', history);
    END IF;
    EXECUTE format('ALTER TABLE readings_glucosereading ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%L)',
                   history, history_starts, ends);
    RETURN cardinality(months);
END
"""

# Days of readings that were stored before there were summaries.
MARK_ALL_DAYS = """
INSERT INTO readings_dirtyday (organization_id, patient_id, day)
SELECT DISTINCT reading.organization_id, reading.patient_id, (reading.measured_at AT TIME ZONE patient.timezone)::date
  FROM readings_glucosereading reading
  JOIN patients_patient patient
    ON patient.organization_id = reading.organization_id AND patient.id = reading.patient_id
ON CONFLICT (organization_id, patient_id, day) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("readings", "0004_data_plane"),
        ("tenancy", "0004_reading_retention"),
    ]

    operations = [
        migrations.AddField(
            model_name="amendment",
            name="quality",
            field=models.SmallIntegerField(
                choices=[(1, "excellent"), (2, "good"), (3, "fair"), (4, "poor")], null=True
            ),
        ),
        LookupFunction(
            "readings_dirty_organizations()",
            returns="TABLE (organization_id bigint)",
            body=DIRTY_ORGANIZATIONS,
            reads=["SELECT (organization_id) ON readings_dirtyday"],
        ),
        LookupFunction(
            "readings_expire(p_patients bigint[])",
            returns="bigint",
            language="plpgsql",
            volatility="VOLATILE",
            owner=roles.OWNER,
            body=EXPIRE,
        ),
        LookupFunction(
            "readings_drop_empty_months()",
            returns="integer",
            language="plpgsql",
            volatility="VOLATILE",
            owner=roles.OWNER,
            body=DROP_EMPTY_MONTHS,
        ),
        migrations.RunSQL(MARK_ALL_DAYS, migrations.RunSQL.noop),
    ]
