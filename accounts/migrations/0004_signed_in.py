from __future__ import annotations

from django.db import migrations

from tenancy import roles
from tenancy.operations import LookupFunction


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_one_time_passwords"), ("patients", "0002_care")]

    operations = [
        # Whom the sign-ins of a group of callers stand for at this moment: what accounts_principals says of each.
        LookupFunction(
            "accounts_signed_in(p_families uuid[])",
            returns="""TABLE (user_id bigint, user_public_id uuid, email text, user_version integer,
                membership_id bigint, name text, role text, patient_id bigint, assigned_patients bigint[],
                organization_id bigint, organization_code text, organization_name text, family_id uuid)""",
            body="""
            SELECT principal.user_id, principal.user_public_id, principal.email, principal.user_version,
                   principal.membership_id, principal.name, principal.role, principal.patient_id,
                   principal.assigned_patients, principal.organization_id, principal.organization_code,
                   principal.organization_name, family.id
              FROM accounts_refreshfamily family
              JOIN accounts_user person ON person.id = family.user_id AND person.version = family.user_version
             CROSS JOIN LATERAL accounts_principals(person.public_id) principal
             WHERE family.id = ANY (p_families) AND family.revoked_at IS NULL AND family.expires_at > now()
               AND principal.organization_id = family.for_organization
            """,
            reads=["SELECT ON accounts_refreshfamily"],
            callers=(roles.EDGE,),
        ),
    ]
