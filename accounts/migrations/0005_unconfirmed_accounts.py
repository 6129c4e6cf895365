from __future__ import annotations

from django.db import migrations

from tenancy import roles
from tenancy.operations import LookupFunction


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_signed_in")]

    operations = [
        # The term stands here, so that nobody who can call this removes an account that is younger. Locked and looked
        # at again: one that is confirmed in this moment stays.
        LookupFunction(
            "accounts_forget_unconfirmed(p_most integer)",
            returns="bigint",
            volatility="VOLATILE",
            owner=roles.OWNER,
            body="""
            WITH forgotten AS (
                DELETE FROM accounts_user WHERE id IN (
                    SELECT person.id FROM accounts_user person
                     WHERE person.email_verified_at IS NULL AND person.created_at < now() - interval '30 days'
                       AND person.is_active AND person.support_name = ''
                       AND NOT EXISTS (SELECT 1 FROM accounts_membership member WHERE member.user_id = person.id)
                       AND NOT EXISTS (SELECT 1 FROM accounts_supportaccess access WHERE access.user_id = person.id)
                     LIMIT p_most FOR UPDATE OF person SKIP LOCKED)
                RETURNING 1)
            SELECT count(*) FROM forgotten
            """,
        ),
    ]
