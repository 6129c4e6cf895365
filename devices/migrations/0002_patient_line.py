from __future__ import annotations

from django.db import migrations

from tenancy.operations import RenewPatientLine


class Migration(migrations.Migration):
    dependencies = [("devices", "0001_initial")]

    operations = [
        RenewPatientLine("devices_assignment", patient_column="patient_id"),
    ]
