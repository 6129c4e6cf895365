import django.contrib.postgres.fields
from django.db import migrations, models

from tenancy import roles
from tenancy.operations import LookupFunction

# An account belongs to no clinic: what happens to it stands in the ledger of each clinic where the person works. The
# clinics come from the memberships alone, so nobody can write into a ledger that the person has nothing to do with; and
# only of accounts, so nobody can write there that somebody saw a patient.
RECORD_FOR_PERSON = """
BEGIN
    IF p_object_type <> 'accounts.user' OR p_action NOT IN (
        'update', 'login_failed', 'password_changed', 'second_factor', 'session_revoked'
    ) THEN
        RAISE EXCEPTION 'audit_record_for_person does not write % of %', p_action, p_object_type;
    END IF;
    INSERT INTO audit_entry (organization_id, actor_kind, actor_id, actor_name, actor_role, action, object_type,
                             object_id, ip, session, request_id, reason, outcome, count)
    SELECT organization_id, p_actor_kind, p_actor_id, p_actor_name, p_actor_role, p_action, p_object_type,
           p_object_id, p_ip::inet, p_session, p_request_id, p_reason, p_outcome, p_count
      FROM accounts_membership WHERE user_public_id = p_user AND is_active;
END
"""

ABOUT_PERSONS = (
    "organization_id, actor_kind, actor_id, actor_name, actor_role, action, object_type, object_id, ip, session, "
    "request_id, reason, outcome, count"
)

# Whole seals only, oldest first, so that the chain stays provable: heads and digests are kept, entries go. Of the
# clinic in scope, by its own retention time, and never before a year whatever that says.
EXPIRE = """
DECLARE
    organization bigint := current_setting('app.organization_id')::bigint;
    days integer;
    seal record;
    from_epoch smallint := 0;
    from_xid bigint := 0;
    from_id bigint := 0;
    removed bigint;
    total bigint := 0;
BEGIN
    SELECT greatest(audit_retention_days, 365) INTO days FROM tenancy_organization WHERE id = organization;
    FOR seal IN SELECT * FROM audit_seal WHERE organization_id = organization ORDER BY number FOR UPDATE LOOP
        IF seal.expired_at IS NULL THEN
            EXIT WHEN seal.last_at >= now() - make_interval(days => days);
            DELETE FROM audit_entry WHERE organization_id = organization AND at <= seal.last_at
               AND (epoch, xid, id) > (from_epoch, from_xid, from_id)
               AND (epoch, xid, id) <= (seal.epoch, seal.upto_xid, seal.upto_id);
            GET DIAGNOSTICS removed = ROW_COUNT;
            total := total + removed;
            UPDATE audit_seal SET expired_at = now(), expired_after_days = days
             WHERE organization_id = organization AND number = seal.number;
        END IF;
        from_epoch := seal.epoch; from_xid := seal.upto_xid; from_id := seal.upto_id;
    END LOOP;
    RETURN total;
END
"""

# Months that hold nothing any more and that no new entry can fall into.
DROP_EMPTY_MONTHS = """
DECLARE
    month record;
    filled boolean;
    dropped integer := 0;
BEGIN
    PERFORM set_config('lock_timeout', '2s', true);
    FOR month IN
        SELECT relname FROM pg_class
         WHERE relname ~ '^audit_entry_y[0-9]{4}m[0-9]{2}$' AND relkind = 'r'
           AND to_date(right(relname, 7), 'YYYY"m"MM') < date_trunc('month', now()) - interval '13 months'
         ORDER BY relname
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', month.relname) INTO filled;
        IF NOT filled THEN
            EXECUTE format('DROP TABLE %I', month.relname);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('audit', '0001_initial'),
        ('tenancy', '0002_organization_settings'),
    ]

    operations = [
        migrations.AddField(
            model_name='seal',
            name='entry_ids',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='seal',
            name='entry_digests',
            field=models.BinaryField(default=b'', help_text='16 bytes for each entry, in the order of entry_ids'),
            preserve_default=False,
        ),
        LookupFunction(
            "audit_record_for_person(p_user uuid, p_actor_kind text, p_actor_id text, p_actor_name text, "
            "p_actor_role text, p_action text, p_object_type text, p_object_id text, p_ip text, p_session text, "
            "p_request_id text, p_reason text, p_outcome text, p_count integer)",
            returns="void",
            language="plpgsql",
            volatility="VOLATILE",
            body=RECORD_FOR_PERSON,
            reads=[f"INSERT ({ABOUT_PERSONS}) ON audit_entry", "USAGE ON SEQUENCE audit_entry_id_seq"],
        ),
        LookupFunction(
            "audit_expire()",
            returns="bigint",
            language="plpgsql",
            volatility="VOLATILE",
            owner=roles.OWNER,
            body=EXPIRE,
        ),
        LookupFunction(
            "audit_drop_empty_months()",
            returns="integer",
            language="plpgsql",
            volatility="VOLATILE",
            owner=roles.OWNER,
            body=DROP_EMPTY_MONTHS,
        ),
    ]
