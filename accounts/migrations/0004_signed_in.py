from __future__ import annotations

from django.db import migrations

from tenancy import roles
from tenancy.operations import LookupFunction


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_one_time_passwords"), ("patients", "0002_care")]

    operations = [
        # Whom the sign-ins of a group of callers stand for at this moment: what accounts_principals says of each, in
        # one plan that is made once.
        LookupFunction(
            "accounts_signed_in(p_families uuid[])",
            returns="""TABLE (user_id bigint, user_public_id uuid, email text, user_version integer,
                membership_id bigint, name text, role text, patient_id bigint, assigned_patients bigint[],
                organization_id bigint, organization_code text, organization_name text, family_id uuid)""",
            language="plpgsql",
            body="""
            #variable_conflict use_column
            BEGIN
            RETURN QUERY
            WITH family AS (
                SELECT family.id, family.for_organization, person.id AS user_id, person.public_id, person.email,
                       person.version, person.support_name, organization.code, organization.name AS clinic,
                       organization.status, organization.assigned_patients_only
                  FROM accounts_refreshfamily family
                  JOIN accounts_user person
                    ON person.id = family.user_id AND person.version = family.user_version AND person.is_active
                  JOIN tenancy_organization organization ON organization.id = family.for_organization
                 WHERE family.id = ANY (p_families) AND family.revoked_at IS NULL AND family.expires_at > now()
            )
            SELECT family.user_id, family.public_id, family.email::text, family.version, membership.id,
                   membership.name::text, membership.role::text, membership.patient_id,
                   CASE WHEN family.assigned_patients_only AND membership.role IN ('clinician', 'nurse', 'viewer')
                        THEN array(
                            SELECT care.patient_id FROM patients_careteammember care
                             WHERE care.organization_id = family.for_organization AND care.member_id = membership.id
                             UNION
                            SELECT access.patient_id FROM patients_emergencyaccess access
                             WHERE access.organization_id = family.for_organization
                               AND access.member_id = membership.id
                               AND access.ended_at IS NULL AND access.expires_at > now())
                   END,
                   family.for_organization, family.code::text, family.clinic::text, family.id
              FROM family
              JOIN accounts_membership membership
                ON membership.organization_id = family.for_organization AND membership.user_id = family.user_id
               AND membership.is_active
             WHERE family.status = 'active'
             UNION ALL
            SELECT family.user_id, family.public_id, family.email::text, family.version, NULL::bigint,
                   access.name::text, 'support', NULL::bigint, NULL::bigint[],
                   family.for_organization, family.code::text, family.clinic::text, family.id
              FROM family
              JOIN accounts_supportaccess access
                ON access.organization_id = family.for_organization AND access.user_id = family.user_id
               AND access.ended_at IS NULL AND access.expires_at > now()
             WHERE family.support_name <> '';
            END
            """,
            reads=["SELECT ON accounts_refreshfamily"],
            callers=(roles.EDGE,),
        ),
    ]
