from __future__ import annotations

from django.db import migrations, models

from tenancy import roles
from tenancy.operations import LookupFunction


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_unconfirmed_accounts"), ("patients", "0002_care")]

    operations = [
        # Asked each second for every browser that listens.
        migrations.AddIndex(
            model_name="browsersession",
            index=models.Index(fields=["public_id"], name="accounts_browser_public_id"),
        ),
        # Whom browsers of the workplace stand for at this moment, each in the clinic that it listens to. As
        # accounts_signed_in says of apps; patients' logins have no place in the workplace.
        LookupFunction(
            "accounts_in_browsers(p_sessions uuid[], p_organizations bigint[], p_idle interval, p_longest interval)",
            returns="""TABLE (user_id bigint, user_public_id uuid, email text, user_version integer,
                membership_id bigint, name text, role text, patient_id bigint, assigned_patients bigint[],
                organization_id bigint, organization_code text, organization_name text, session_id uuid)""",
            language="plpgsql",
            body="""
            #variable_conflict use_column
            BEGIN
            RETURN QUERY
            WITH browser AS (
                SELECT session.public_id AS session_id, person.id AS user_id, person.public_id, person.email,
                       person.version, person.support_name, organization.id AS organization_id, organization.code,
                       organization.name AS clinic, organization.assigned_patients_only
                  FROM unnest(p_sessions, p_organizations) AS asked (session_id, organization_id)
                  JOIN accounts_browsersession session
                    ON session.public_id = asked.session_id AND session.expire_date > now()
                   AND session.signed_in_at > now() - p_longest AND session.last_seen_at > now() - p_idle
                  JOIN accounts_user person ON person.id = session.user_id AND person.is_active
                  JOIN tenancy_organization organization
                    ON organization.id = asked.organization_id AND organization.status = 'active'
            )
            SELECT browser.user_id, browser.public_id, browser.email::text, browser.version, membership.id,
                   membership.name::text, membership.role::text, NULL::bigint,
                   CASE WHEN browser.assigned_patients_only AND membership.role IN ('clinician', 'nurse', 'viewer')
                        THEN array(
                            SELECT care.patient_id FROM patients_careteammember care
                             WHERE care.organization_id = browser.organization_id AND care.member_id = membership.id
                             UNION
                            SELECT access.patient_id FROM patients_emergencyaccess access
                             WHERE access.organization_id = browser.organization_id
                               AND access.member_id = membership.id
                               AND access.ended_at IS NULL AND access.expires_at > now())
                   END,
                   browser.organization_id, browser.code::text, browser.clinic::text, browser.session_id
              FROM browser
              JOIN accounts_membership membership
                ON membership.organization_id = browser.organization_id AND membership.user_id = browser.user_id
               AND membership.is_active AND membership.role <> 'patient'
             UNION ALL
            SELECT browser.user_id, browser.public_id, browser.email::text, browser.version, NULL::bigint,
                   access.name::text, 'support', NULL::bigint, NULL::bigint[],
                   browser.organization_id, browser.code::text, browser.clinic::text, browser.session_id
              FROM browser
              JOIN accounts_supportaccess access
                ON access.organization_id = browser.organization_id AND access.user_id = browser.user_id
               AND access.ended_at IS NULL AND access.expires_at > now()
             WHERE browser.support_name <> '';
            END
            """,
            # Neither the keys nor the data of the sessions.
            reads=[
                "SELECT (public_id, user_id, expire_date, signed_in_at, last_seen_at) ON accounts_browsersession",
            ],
            callers=(roles.EDGE,),
        ),
    ]
