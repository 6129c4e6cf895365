import django.contrib.postgres.fields
import django.db.models.deletion
import tenancy.scope
from django.db import migrations, models

from tenancy import roles
from tenancy.operations import Grant, LookupFunction, ProtectTenantTable

# The default of epoch is the owner's to raise; xid is a bigint since xid8 has no comparison that the planner trusts
# before the policy. The time is the database's own, at the moment of writing.
CREATE_ENTRIES = """
CREATE SEQUENCE audit_entry_id_seq AS bigint;
CREATE TABLE audit_entry (
    organization_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT nextval('audit_entry_id_seq'),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    patient_id bigint,
    count integer NOT NULL DEFAULT 1 CHECK (count >= 0),
    epoch smallint NOT NULL DEFAULT 1,
    ip inet,
    actor_kind text NOT NULL CHECK (actor_kind IN ('person', 'key', 'support', 'system', 'anonymous')),
    actor_id text NOT NULL,
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    action text NOT NULL,
    object_type text NOT NULL,
    object_id text NOT NULL,
    session text NOT NULL,
    request_id text NOT NULL,
    reason text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'denied', 'failed')),
    patient_ids bigint[],
    changes jsonb,
    CONSTRAINT audit_entry_pkey PRIMARY KEY (organization_id, at, id)
) PARTITION BY RANGE (at);
ALTER SEQUENCE audit_entry_id_seq OWNED BY audit_entry.id;
CREATE INDEX audit_entry_order ON audit_entry (organization_id, epoch, xid, id);
CREATE INDEX audit_entry_patient ON audit_entry (organization_id, patient_id, at) WHERE patient_id IS NOT NULL;
CREATE INDEX audit_entry_lists ON audit_entry (organization_id, at) WHERE patient_ids IS NOT NULL;
CREATE INDEX audit_entry_actor ON audit_entry (organization_id, actor_id, at);
CREATE INDEX audit_entry_object ON audit_entry (organization_id, object_type, object_id, at);
"""

# Not id, at, xid and epoch: by them entries are sealed, so whoever adds one does not choose where it stands.
WRITTEN = (
    "organization_id, actor_kind, actor_id, actor_name, actor_role, action, object_type, object_id, patient_id, "
    "patient_ids, ip, session, request_id, reason, outcome, count, changes"
)

# As readings_ensure_months does it: see there. The first is the month before the installation's, for a clock set back.
ENSURE_MONTHS = """
DECLARE
    next_month date;
    last_month date := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => least(p_ahead, 12));
    partition text;
    made integer := 0;
BEGIN
    SELECT COALESCE(max(to_date(right(relname, 7), 'YYYY"m"MM')) + interval '1 month',
                    date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month')
      INTO next_month
      FROM pg_class WHERE relname ~ '^audit_entry_y[0-9]{4}m[0-9]{2}$' AND relkind = 'r';
    WHILE next_month <= last_month LOOP
        partition := 'audit_entry_y' || to_char(next_month, 'YYYY"m"MM');
        EXECUTE format('CREATE TABLE %I (LIKE audit_entry INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition);
        EXECUTE format('ALTER TABLE audit_entry ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       partition, next_month::text || ' 00:00:00+00',
                       (next_month + interval '1 month')::date::text || ' 00:00:00+00');
        next_month := next_month + interval '1 month';
        made := made + 1;
    END LOOP;
    RETURN made;
END
"""

# Patients' logins add entries and read none: the ledger names who works at the clinic.
STAFF_READ = (
    "CREATE POLICY staff_reads ON {table} AS RESTRICTIVE FOR SELECT TO {role} "
    "USING (current_setting('app.patient_id') = '*')"
)

# Which clinics have entries that no seal covers yet: ids, never a row.
UNSEALED = """
    SELECT o.id FROM tenancy_organization o
      LEFT JOIN LATERAL (SELECT epoch, upto_xid, upto_id FROM audit_seal
                          WHERE organization_id = o.id ORDER BY number DESC LIMIT 1) s ON true
     WHERE EXISTS (SELECT 1 FROM audit_entry e WHERE e.organization_id = o.id
                      AND (e.epoch, e.xid, e.id) > (COALESCE(s.epoch, 0), COALESCE(s.upto_xid, 0), COALESCE(s.upto_id, 0)))
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenancy', '0001_initial'),
    ]

    operations = [
        # Django cannot declare partitions, so the table is written out here and the model only noted.
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE_ENTRIES, "DROP TABLE audit_entry")],
            state_operations=[
                migrations.CreateModel(
                    name='Entry',
                    fields=[
                        ('pk', models.CompositePrimaryKey('organization_id', 'at', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('at', models.DateTimeField()),
                        ('id', models.BigIntegerField()),
                        ('epoch', models.SmallIntegerField()),
                        ('xid', models.BigIntegerField(help_text='the transaction that wrote it; seals go by it')),
                        ('actor_kind', models.TextField()),
                        ('actor_id', models.TextField()),
                        ('actor_name', models.TextField()),
                        ('actor_role', models.TextField()),
                        ('action', models.TextField(help_text='a value of audit.actions.Action; without choices, so that a new one needs no migration')),
                        ('object_type', models.TextField()),
                        ('object_id', models.TextField()),
                        ('patient_id', models.BigIntegerField(null=True)),
                        ('patient_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), help_text='everybody on a page that lists', null=True, size=None)),
                        ('ip', models.GenericIPAddressField(null=True)),
                        ('session', models.TextField()),
                        ('request_id', models.TextField()),
                        ('reason', models.TextField()),
                        ('outcome', models.TextField()),
                        ('count', models.IntegerField()),
                        ('changes', models.JSONField(help_text='[field, old, new], in the order in which they were given', null=True)),
                        ('organization', models.ForeignKey(db_constraint=False, db_index=False, default=tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.organization')),
                    ],
                    options={
                        'verbose_name': 'audit entry',
                        'verbose_name_plural': 'audit entries',
                        'abstract': False,
                        'base_manager_name': 'objects',
                        'default_manager_name': 'objects',
                    },
                ),
            ],
        ),
        ProtectTenantTable("entry", patient_column=None, grants="SELECT", replace_primary_key=False),
        Grant(f"INSERT ({WRITTEN})", on="audit_entry"),
        Grant("USAGE", on="SEQUENCE audit_entry_id_seq"),
        migrations.RunSQL(STAFF_READ.format(table="audit_entry", role=roles.APP), migrations.RunSQL.noop),
        LookupFunction(
            "audit_ensure_months(p_ahead integer)",
            returns="integer",
            language="plpgsql",
            volatility="VOLATILE",
            owner=roles.OWNER,
            body=ENSURE_MONTHS,
        ),
        migrations.RunSQL("SELECT audit_ensure_months(3)", migrations.RunSQL.noop),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('pk', models.CompositePrimaryKey('organization_id', 'number', blank=True, editable=False, primary_key=True, serialize=False)),
                ('number', models.BigIntegerField()),
                ('epoch', models.SmallIntegerField()),
                ('upto_xid', models.BigIntegerField()),
                ('upto_id', models.BigIntegerField()),
                ('rows', models.IntegerField()),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('previous_head', models.BinaryField()),
                ('head', models.BinaryField()),
                ('key_name', models.TextField()),
                ('signature', models.BinaryField()),
                ('sealed_at', models.DateTimeField()),
                ('expired_at', models.DateTimeField(null=True)),
                ('expired_after_days', models.IntegerField(null=True)),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, default=tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.organization')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
        ),
        ProtectTenantTable("seal", patient_column=None, grants="SELECT, INSERT", replace_primary_key=False),
        migrations.RunSQL(STAFF_READ.format(table="audit_seal", role=roles.APP), migrations.RunSQL.noop),
        LookupFunction(
            "audit_unsealed()",
            returns="TABLE (organization_id bigint)",
            body=UNSEALED,
            reads=["SELECT (organization_id, epoch, xid, id) ON audit_entry",
                   "SELECT (organization_id, number, epoch, upto_xid, upto_id) ON audit_seal"],
        ),
    ]
