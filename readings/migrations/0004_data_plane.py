from __future__ import annotations

from django.db import migrations

from tenancy.operations import EdgeAccess


class Migration(migrations.Migration):
    dependencies = [
        ("readings", "0003_summaries_and_amendments"),
        ("accounts", "0004_signed_in"),
        ("audit", "0003_data_plane"),
        ("devices", "0004_live_keys"),
        ("patients", "0005_beyond_the_care_team"),
    ]

    # The rows that the one statement family of the store reads and writes, and what callers are named by.
    operations = [
        EdgeAccess(
            "readings_glucosereading",
            grants=["SELECT", "INSERT", "UPDATE (is_copy)"],
        ),
        EdgeAccess("readings_patientstate", grants=["SELECT", "INSERT", "UPDATE"]),
        EdgeAccess("readings_dirtyday", grants=["SELECT (organization_id, patient_id, day)", "INSERT"]),
        EdgeAccess("readings_daysummary", grants=["SELECT"]),
        EdgeAccess("patients_patient", grants=["SELECT (organization_id, id, code, timezone)"]),
        EdgeAccess(
            "accounts_membership", grants=["SELECT (organization_id, user_public_id, patient_id, is_active)"]
        ),
        EdgeAccess("devices_assignment", grants=["SELECT (organization_id, device_id, patient_id, starts_at, ends_at)"]),
        EdgeAccess(
            "devices_device",
            grants=[
                "SELECT (organization_id, id, code, public_id, public_number, last_seen_at, battery_level)",
                "UPDATE (last_seen_at, battery_level)",
            ],
        ),
        EdgeAccess(
            "devices_devicekey",
            grants=["SELECT (organization_id, id, last_used_at)", "UPDATE (last_used_at)"],
        ),
    ]
