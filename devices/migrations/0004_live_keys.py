from __future__ import annotations

from django.db import migrations

from tenancy import roles
from tenancy.operations import LookupFunction


class Migration(migrations.Migration):
    dependencies = [("devices", "0003_taken_devices"), ("tenancy", "0004_reading_retention")]

    operations = [
        # The same keys as devices_live_key, for all callers of a group at once.
        LookupFunction(
            "devices_live_keys(p_digests bytea[])",
            returns="""TABLE (digest bytea, key_id bigint, key_public_id uuid, key_name text, organization_id bigint,
                device_id bigint, reading_max_age_hours integer)""",
            language="plpgsql",
            body="""
            #variable_conflict use_column
            BEGIN
            RETURN QUERY
            SELECT key.digest, key.id, key.public_id, COALESCE(NULLIF(key.name, ''), key.prefix)::text,
                   key.organization_id,
                   key.device_id, organization.reading_max_age_hours
              FROM devices_devicekey key
              JOIN tenancy_organization organization
                ON organization.id = key.organization_id AND organization.status = 'active'
             WHERE key.digest = ANY (p_digests) AND key.revoked_at IS NULL
               AND (key.expires_at IS NULL OR key.expires_at > now());
            END
            """,
            reads=["SELECT (reading_max_age_hours) ON tenancy_organization"],
            callers=(roles.EDGE,),
        ),
    ]
