"""Phone numbers and e-mail addresses of patients become sealed; what is there is sealed on the way."""

import django.core.validators
from django.db import migrations, models

import tenancy.encryption.fields
from patients.sealing import seal_contacts, unseal_contacts


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0003_medical_history'),
    ]

    operations = [
        migrations.RenameField('patient', 'email', 'plain_email'),
        migrations.RenameField('patient', 'phone', 'plain_phone'),
        migrations.AddField(
            model_name='patient',
            name='email',
            field=tenancy.encryption.fields.SealedTextField(blank=True, max_length=254, patient='id', validators=[django.core.validators.EmailValidator()]),
        ),
        migrations.AddField(
            model_name='patient',
            name='phone',
            field=tenancy.encryption.fields.SealedTextField(blank=True, max_length=32, patient='id'),
        ),
        migrations.AddField(
            model_name='patient',
            name='email_index',
            field=tenancy.encryption.fields.BlindIndexField(max_length=16, null=True, source='email'),
        ),
        migrations.AddField(
            model_name='patient',
            name='phone_index',
            field=tenancy.encryption.fields.BlindIndexField(max_length=16, null=True, source='phone'),
        ),
        migrations.RunPython(seal_contacts, unseal_contacts),
        migrations.RemoveField('patient', 'plain_email'),
        migrations.RemoveField('patient', 'plain_phone'),
        migrations.AddIndex(
            model_name='patient',
            index=models.Index(fields=['organization', 'email_index'], name='patients_by_email'),
        ),
        migrations.AddIndex(
            model_name='patient',
            index=models.Index(fields=['organization', 'phone_index'], name='patients_by_phone'),
        ),
    ]
