from __future__ import annotations

from django.db import migrations

from tenancy import roles
from tenancy.operations import LookupFunction


class Migration(migrations.Migration):
    dependencies = [("devices", "0006_presence")]

    operations = [
        migrations.RunSQL("DROP FUNCTION devices_live_keys(bytea[])", migrations.RunSQL.noop),
        # The same answers. A join was made the other way round, with a look for every key in every clinic; OFFSET 0
        # keeps it one look for each key, and the plan is made once for a connection.
        LookupFunction(
            "devices_live_keys(p_digests bytea[])",
            returns="""TABLE (digest bytea, key_id bigint, key_public_id uuid, key_name text, organization_id bigint,
                device_id bigint, reading_max_age_hours integer)""",
            language="plpgsql",
            body="""
            #variable_conflict use_column
            BEGIN
            RETURN QUERY
            SELECT asked.digest, key.id, key.public_id, COALESCE(NULLIF(key.name, ''), key.prefix)::text,
                   key.organization_id, key.device_id, organization.reading_max_age_hours
              FROM unnest(p_digests) AS asked (digest)
             CROSS JOIN LATERAL (SELECT id, public_id, name, prefix, organization_id, device_id
                                   FROM devices_devicekey stored
                                  WHERE stored.digest = asked.digest AND stored.revoked_at IS NULL
                                    AND (stored.expires_at IS NULL OR stored.expires_at > now())
                                 OFFSET 0) key
             CROSS JOIN LATERAL (SELECT known.reading_max_age_hours FROM tenancy_organization known
                                  WHERE known.id = key.organization_id AND known.status = 'active'
                                 OFFSET 0) organization;
            END
            """,
            callers=(roles.EDGE,),
            plans_once=True,
        ),
        # Nearly each post writes when device and key were last heard of. With room for a second version of each row in
        # its page no index is touched; tables of this size can afford it. Holds for pages that are written from now on.
        *[
            migrations.RunSQL(f"ALTER TABLE {table} SET (fillfactor = 50)", f"ALTER TABLE {table} RESET (fillfactor)")
            for table in ("devices_device", "devices_devicekey")
        ],
    ]
