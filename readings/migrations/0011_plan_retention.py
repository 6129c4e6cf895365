from __future__ import annotations

from importlib import import_module

from django.db import migrations

BEFORE = import_module("readings.migrations.0005_retention").EXPIRE
OWN_TIME = """    SELECT now() - make_interval(hours => 24 * reading_retention_days) INTO cutoff
      FROM tenancy_organization WHERE id = organization AND reading_retention_days >= 1;
"""
# The later of two instants is the shorter time. A plan's counts once the clinic was told and the notice is over;
# greatest() passes over the one that there is not.
SHORTER_TIME = """    SELECT greatest(
               (SELECT now() - make_interval(hours => 24 * reading_retention_days)
                  FROM tenancy_organization WHERE id = organization AND reading_retention_days >= 1),
               (SELECT now() - make_interval(hours => 24 * days)
                  FROM accounts_planretention
                 WHERE organization_id = organization AND days >= 1 AND acts_at <= now())
           ) INTO cutoff;
"""
REPLACE = (
    "CREATE OR REPLACE FUNCTION readings_expire(p_patients bigint[]) RETURNS bigint LANGUAGE plpgsql VOLATILE "
    "SECURITY DEFINER SET search_path = public, pg_temp AS $lookup${body}$lookup$"
)


class Migration(migrations.Migration):
    dependencies = [("readings", "0010_sensor_values"), ("accounts", "0008_plans")]

    operations = [
        migrations.RunSQL(REPLACE.format(body=BEFORE.replace(OWN_TIME, SHORTER_TIME)), REPLACE.format(body=BEFORE)),
    ]
