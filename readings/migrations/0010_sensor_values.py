import django.db.models.deletion
import tenancy.fields
import tenancy.scope
from django.db import migrations, models

from tenancy.operations import EdgeAccess, MonthsOf, ProtectTenantTable


CREATE_SENSOR_VALUES = """
CREATE TABLE readings_sensorvalue (
    organization_id bigint NOT NULL,
    device_id bigint NOT NULL,
    measured_at timestamptz(3) NOT NULL,
    received_at timestamptz NOT NULL,
    value double precision NOT NULL CHECK (value BETWEEN -1e12 AND 1e12),
    quality smallint CHECK (quality BETWEEN 1 AND 4),
    sensor_type varchar(50) NOT NULL,
    unit varchar(20) NOT NULL,
    CONSTRAINT readings_sensorvalue_pkey PRIMARY KEY (organization_id, device_id, sensor_type, measured_at)
) PARTITION BY RANGE (measured_at)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('devices', '0008_source_lag'),
        ('readings', '0009_import_jobs'),
        ('tenancy', '0004_reading_retention'),
    ]

    operations = [
        # Django cannot declare partitions, so the table is written out here and the model only noted.
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE_SENSOR_VALUES, "DROP TABLE readings_sensorvalue")],
            state_operations=[
                migrations.CreateModel(
                    name='SensorValue',
                    fields=[
                        ('pk', models.CompositePrimaryKey('organization_id', 'device_id', 'sensor_type', 'measured_at', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('sensor_type', models.CharField(max_length=50)),
                        ('measured_at', models.DateTimeField()),
                        ('value', models.FloatField()),
                        ('unit', models.CharField(max_length=20)),
                        ('quality', models.SmallIntegerField(choices=[(1, 'excellent'), (2, 'good'), (3, 'fair'), (4, 'poor')], null=True)),
                        ('received_at', models.DateTimeField()),
                        ('device', tenancy.fields.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='devices.device')),
                        ('organization', models.ForeignKey(db_constraint=False, db_index=False, default=tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.organization')),
                    ],
                    options={
                        'verbose_name': 'sensor value',
                        'abstract': False,
                        'base_manager_name': 'objects',
                        'default_manager_name': 'objects',
                    },
                ),
            ],
        ),
        ProtectTenantTable(
            "sensorvalue",
            patient_column=None,
            all_staff=True,
            grants="SELECT, DELETE",
            replace_primary_key=False,
        ),
        EdgeAccess(
            "readings_sensorvalue",
            grants=["SELECT (organization_id, device_id, sensor_type, measured_at)", "INSERT"],
        ),
        MonthsOf("readings_sensorvalue", behind=3),
    ]
