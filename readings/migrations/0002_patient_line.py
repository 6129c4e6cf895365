from __future__ import annotations

from django.db import migrations

from tenancy.operations import RenewPatientLine


class Migration(migrations.Migration):
    dependencies = [("readings", "0001_initial")]

    operations = [
        RenewPatientLine("readings_glucosereading", patient_column="patient_id"),
        RenewPatientLine("readings_patientstate", patient_column="patient_id"),
    ]
