import uuid
from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import tenancy.encryption.fields
import tenancy.fields
import tenancy.scope
from tenancy.operations import ProtectTenantTable

KINDS = [('condition', 'Condition'), ('medication', 'Medication'), ('allergy', 'Allergy'), ('note', 'Note')]


def tenant_key(to: str, **options: Any) -> Any:
    return tenancy.fields.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to=to, **{'related_name': '+', **options})


def written() -> list[tuple[str, Any]]:
    return [
        ('id', models.BigAutoField(primary_key=True, serialize=False)),
        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
        ('kind', models.CharField(choices=KINDS, max_length=10)),
        ('text', tenancy.encryption.fields.SealedTextField(max_length=10000, patient='patient_id')),
        ('author_name', models.CharField(max_length=150)),
        ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
        ('organization', models.ForeignKey(db_constraint=False, db_index=False, default=tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.organization')),
        ('patient', tenant_key('patients.patient')),
        ('author', tenant_key('accounts.membership', null=True)),
    ]


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_people'),
        ('patients', '0002_care'),
        ('tenancy', '0003_data_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoryEntry',
            fields=[
                *written(),
                ('amended_at', models.DateTimeField(editable=False, null=True)),
                ('import_digest', models.BinaryField(max_length=16, null=True)),
            ],
            options={
                'verbose_name': 'history entry',
                'verbose_name_plural': 'medical history',
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['organization', 'patient', '-created_at'], name='patients_history_newest')],
                'constraints': [
                    models.UniqueConstraint(fields=('organization', 'public_id'), name='patients_history_public_id'),
                    models.UniqueConstraint(fields=('organization', 'import_digest'), name='patients_history_import'),
                ],
            },
        ),
        migrations.CreateModel(
            name='HistoryAmendment',
            fields=[
                *written(),
                ('entry', tenant_key('patients.historyentry', related_name='amendments')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['organization', 'entry', 'created_at'], name='patients_amendment_of')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'public_id'), name='patients_amendment_public_id')],
            },
        ),
        ProtectTenantTable("historyentry", patient_column="patient_id", grants="SELECT, INSERT, UPDATE"),
        ProtectTenantTable("historyamendment", patient_column="patient_id", grants="SELECT, INSERT, UPDATE"),
        migrations.RunSQL(
            "ALTER TABLE tenancy_datakey ADD CONSTRAINT tenancy_datakey_patient_id_fk "
            "FOREIGN KEY (organization_id, patient_id) REFERENCES patients_patient (organization_id, id)",
            "ALTER TABLE tenancy_datakey DROP CONSTRAINT tenancy_datakey_patient_id_fk",
        ),
        migrations.AddField(
            model_name='patient',
            name='medical_record_number',
            field=tenancy.encryption.fields.SealedTextField(blank=True, max_length=64, patient='id'),
        ),
        migrations.AddField(
            model_name='patient',
            name='medical_record_number_index',
            field=tenancy.encryption.fields.BlindIndexField(max_length=16, null=True, source='medical_record_number'),
        ),
        migrations.AddConstraint(
            model_name='patient',
            constraint=models.UniqueConstraint(fields=('organization', 'medical_record_number_index'), name='patients_patient_record_number', violation_error_code='unique', violation_error_message='A patient with this medical record number exists already.'),
        ),
    ]
