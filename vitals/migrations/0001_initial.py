import django.db.models.deletion
import tenancy.fields
import tenancy.scope
import vitals.models.measurement
from django.db import migrations, models

from tenancy.operations import EdgeAccess, MonthsOf, ProtectTenantTable


# Columns stand by width, so that rows carry no padding.
CREATE_MEASUREMENTS = """
CREATE TABLE vitals_measurement (
    organization_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    source_number bigint NOT NULL CHECK (source_number >= 0),
    device_id bigint,
    measured_at timestamptz(3) NOT NULL,
    received_at timestamptz NOT NULL,
    updated_at timestamptz,
    value double precision NOT NULL CHECK (value BETWEEN -1e9 AND 1e9),
    second_value double precision CHECK (second_value BETWEEN -1e9 AND 1e9),
    metric smallint NOT NULL CHECK (metric BETWEEN 1 AND 4095),
    quality smallint CHECK (quality BETWEEN 1 AND 4),
    public_id uuid,
    unit varchar(20) NOT NULL,
    source varchar(100) NOT NULL,
    notes varchar(500) NOT NULL,
    CONSTRAINT vitals_measurement_pkey
        PRIMARY KEY (organization_id, patient_id, metric, measured_at, source_number)
) PARTITION BY RANGE (measured_at)
"""
# For what people entered only: the ids of devices' measurements name their place.
INDEX_ENTERED = """
CREATE INDEX vitals_measurement_entered ON vitals_measurement (organization_id, public_id) WHERE public_id IS NOT NULL
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('devices', '0008_source_lag'),
        ('patients', '0006_glucose_goals'),
        ('tenancy', '0004_reading_retention'),
    ]

    operations = [
        # Django cannot declare partitions, so the table is written out here and the model only noted.
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE_MEASUREMENTS, "DROP TABLE vitals_measurement")],
            state_operations=[
                migrations.CreateModel(
                    name='Measurement',
                    fields=[
                        ('pk', models.CompositePrimaryKey('organization_id', 'patient_id', 'metric', 'measured_at', 'source_number', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('metric', models.SmallIntegerField(choices=[(1, 'heart_rate'), (2, 'blood_pressure'), (3, 'blood_oxygen'), (4, 'body_temperature'), (5, 'respiratory_rate'), (6, 'body_weight'), (7, 'height'), (8, 'bmi'), (9, 'body_fat_percentage'), (10, 'muscle_mass'), (11, 'bone_mass'), (12, 'water_percentage'), (13, 'blood_glucose'), (14, 'fasting_glucose'), (15, 'hba1c'), (16, 'cholesterol'), (17, 'hdl_cholesterol'), (18, 'ldl_cholesterol'), (19, 'triglycerides'), (20, 'steps'), (21, 'active_minutes'), (22, 'exercise_minutes'), (23, 'calories_burned'), (24, 'resting_heart_rate'), (25, 'vo2_max'), (26, 'sleep_quality'), (27, 'sleep_duration'), (28, 'sleep_efficiency'), (29, 'deep_sleep_duration'), (30, 'rem_sleep_duration'), (31, 'sleep_score'), (32, 'calories_consumed'), (33, 'protein_intake'), (34, 'carbs_intake'), (35, 'fat_intake'), (36, 'fiber_intake'), (37, 'sugar_intake'), (38, 'water_intake'), (39, 'stress_level'), (40, 'mood'), (41, 'mood_level'), (42, 'energy_level'), (43, 'pain_level')])),
                        ('measured_at', models.DateTimeField()),
                        ('source_number', models.BigIntegerField(default=vitals.models.measurement.random_source_number)),
                        ('public_id', models.UUIDField(null=True)),
                        ('value', models.FloatField(help_text='in the canonical unit of its kind; of a pair the first, systolic')),
                        ('second_value', models.FloatField(help_text='of a pair the second, diastolic', null=True)),
                        ('unit', models.CharField(help_text='the unit that it came in', max_length=20)),
                        ('quality', models.SmallIntegerField(choices=[(1, 'excellent'), (2, 'good'), (3, 'fair'), (4, 'poor')], null=True)),
                        ('source', models.CharField(help_text='device, user, or the name of an app', max_length=100)),
                        ('notes', models.CharField(blank=True, max_length=500)),
                        ('received_at', models.DateTimeField()),
                        ('updated_at', models.DateTimeField(null=True)),
                        ('device', tenancy.fields.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='devices.device')),
                        ('organization', models.ForeignKey(db_constraint=False, db_index=False, default=tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.organization')),
                        ('patient', tenancy.fields.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
                    ],
                    options={
                        'verbose_name': 'measurement',
                        'abstract': False,
                        'base_manager_name': 'objects',
                        'default_manager_name': 'objects',
                    },
                ),
            ],
        ),
        migrations.RunSQL(INDEX_ENTERED, migrations.RunSQL.noop),
        ProtectTenantTable("measurement", patient_column="patient_id", replace_primary_key=False),
        EdgeAccess(
            "vitals_measurement",
            grants=[
                "SELECT (organization_id, patient_id, metric, measured_at, source_number, device_id)",
                "INSERT",
            ],
        ),
        MonthsOf("vitals_measurement", behind=24),
    ]
