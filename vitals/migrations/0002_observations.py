import django.db.models.deletion
import tenancy.fields
import tenancy.scope
import uuid
import vitals.models.measurement
from django.db import migrations, models

from tenancy.operations import ProtectTenantTable


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_signed_in_plan'),
        ('patients', '0006_glucose_goals'),
        ('tenancy', '0005_device_key_age'),
        ('vitals', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Observation',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('source_number', models.BigIntegerField(default=vitals.models.measurement.random_source_number, editable=False)),
                ('observed_at', models.DateTimeField()),
                ('on_oxygen', models.BooleanField(blank=True, null=True)),
                ('consciousness', models.CharField(blank=True, choices=[('alert', 'Alert'), ('confusion', 'Confusion'), ('voice', 'Voice'), ('pain', 'Pain'), ('unresponsive', 'Unresponsive')], max_length=12)),
                ('scale', models.CharField(choices=[('1', 'Scale 1'), ('2', 'Scale 2')], default='1', max_length=1)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('made_by', models.CharField(help_text='name of the person who observed', max_length=150)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('member', tenancy.fields.TenantForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, default=tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.organization')),
                ('patient', tenancy.fields.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'ordering': ['-observed_at', 'id'],
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['organization', 'patient', 'observed_at'], name='vitals_observation_patient')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'public_id'), name='vitals_observation_public_id')],
            },
        ),
        migrations.CreateModel(
            name='OxygenScale',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('scale', models.CharField(choices=[('1', 'Scale 1'), ('2', 'Scale 2')], max_length=1)),
                ('reason', models.CharField(max_length=500)),
                ('decided_at', models.DateTimeField()),
                ('decided_by', models.CharField(help_text='name of the clinician', max_length=150)),
                ('member', tenancy.fields.TenantForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, default=tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.organization')),
                ('patient', tenancy.fields.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'ordering': ['-decided_at', '-id'],
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['organization', 'patient', 'decided_at'], name='vitals_oxygenscale_patient')],
            },
        ),
        ProtectTenantTable("observation", patient_column="patient_id", grants="SELECT, INSERT"),
        ProtectTenantTable("oxygenscale", patient_column="patient_id", grants="SELECT, INSERT"),
    ]
