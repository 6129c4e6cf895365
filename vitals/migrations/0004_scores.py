import django.contrib.postgres.fields
import django.db.models.deletion
import tenancy.fields
import tenancy.scope
import uuid
from django.db import migrations, models

from tenancy.operations import ProtectTenantTable


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0007_admissions'),
        ('tenancy', '0005_device_key_age'),
        ('vitals', '0003_live_values'),
    ]

    operations = [
        migrations.CreateModel(
            name='Activity',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('kind', models.CharField(choices=[('running', 'Running'), ('walking', 'Walking'), ('cycling', 'Cycling'), ('swimming', 'Swimming'), ('weight_training', 'Weight Training'), ('circuit_training', 'Circuit Training'), ('yoga', 'Yoga'), ('pilates', 'Pilates'), ('hiking', 'Hiking'), ('dancing', 'Dancing'), ('martial_arts', 'Martial Arts'), ('boxing', 'Boxing'), ('crossfit', 'Crossfit'), ('elliptical', 'Elliptical'), ('rowing', 'Rowing'), ('stair_climber', 'Stair Climber'), ('jump_rope', 'Jump Rope'), ('functional_strength', 'Functional Strength'), ('other', 'Other')], max_length=20)),
                ('name', models.CharField(blank=True, max_length=100)),
                ('description', models.CharField(blank=True, max_length=1000)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('duration_seconds', models.IntegerField(blank=True, null=True)),
                ('distance_meters', models.FloatField(blank=True, null=True)),
                ('elevation_gain', models.FloatField(blank=True, null=True)),
                ('elevation_loss', models.FloatField(blank=True, null=True)),
                ('heart_rate_avg', models.FloatField(blank=True, null=True)),
                ('heart_rate_max', models.FloatField(blank=True, null=True)),
                ('calories_burned', models.FloatField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, default=tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.organization')),
                ('patient', tenancy.fields.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'verbose_name_plural': 'activities',
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['organization', 'patient', 'started_at'], name='vitals_activity_patient')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'public_id'), name='vitals_activity_public_id')],
            },
        ),
        migrations.CreateModel(
            name='Goal',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('name', models.CharField(max_length=100)),
                ('description', models.CharField(blank=True, max_length=500)),
                ('metric', models.SmallIntegerField(choices=[(1, 'heart_rate'), (2, 'blood_pressure'), (3, 'blood_oxygen'), (4, 'body_temperature'), (5, 'respiratory_rate'), (6, 'body_weight'), (7, 'height'), (8, 'bmi'), (9, 'body_fat_percentage'), (10, 'muscle_mass'), (11, 'bone_mass'), (12, 'water_percentage'), (13, 'blood_glucose'), (14, 'fasting_glucose'), (15, 'hba1c'), (16, 'cholesterol'), (17, 'hdl_cholesterol'), (18, 'ldl_cholesterol'), (19, 'triglycerides'), (20, 'steps'), (21, 'active_minutes'), (22, 'exercise_minutes'), (23, 'calories_burned'), (24, 'resting_heart_rate'), (25, 'vo2_max'), (26, 'sleep_quality'), (27, 'sleep_duration'), (28, 'sleep_efficiency'), (29, 'deep_sleep_duration'), (30, 'rem_sleep_duration'), (31, 'sleep_score'), (32, 'calories_consumed'), (33, 'protein_intake'), (34, 'carbs_intake'), (35, 'fat_intake'), (36, 'fiber_intake'), (37, 'sugar_intake'), (38, 'water_intake'), (39, 'stress_level'), (40, 'mood'), (41, 'mood_level'), (42, 'energy_level'), (43, 'pain_level')])),
                ('direction', models.CharField(choices=[('at_least', 'At Least'), ('at_most', 'At Most')], default='at_least', max_length=10)),
                ('target_value', models.FloatField(help_text='in the canonical unit of the kind')),
                ('unit', models.CharField(help_text='the unit that it came in', max_length=20)),
                ('start_date', models.DateField()),
                ('target_date', models.DateField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, default=tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.organization')),
                ('patient', tenancy.fields.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['organization', 'patient', 'start_date'], name='vitals_goal_patient')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'public_id'), name='vitals_goal_public_id')],
            },
        ),
        migrations.CreateModel(
            name='HealthScore',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('day', models.DateField()),
                ('overall_score', models.FloatField(help_text='0 to 100')),
                ('category_scores', models.JSONField(blank=True, default=dict, help_text='0 to 100 by the name of the category')),
                ('metrics_considered', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), blank=True, default=list, size=None)),
                ('notes', models.CharField(blank=True, max_length=500)),
                ('calculated_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, default=tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.organization')),
                ('patient', tenancy.fields.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['organization', 'patient', 'day'], name='vitals_healthscore_patient')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'public_id'), name='vitals_healthscore_public_id'), models.CheckConstraint(condition=models.Q(('overall_score__gte', 0), ('overall_score__lte', 100)), name='vitals_healthscore_bounds')],
            },
        ),
        ProtectTenantTable("activity", patient_column="patient_id"),
        ProtectTenantTable("goal", patient_column="patient_id"),
        ProtectTenantTable("healthscore", patient_column="patient_id"),
    ]
