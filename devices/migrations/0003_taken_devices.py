from django.db import migrations

from tenancy.operations import LookupFunction


class Migration(migrations.Migration):
    dependencies = [("devices", "0002_patient_line"), ("patients", "0005_beyond_the_care_team")]

    operations = [
        # Staff who see only their patients must not put a device into somebody's period that is hidden from them: how
        # many periods reach beyond an instant, and not whose. Staff only, their own clinic only.
        LookupFunction(
            "devices_periods_after(p_device bigint, p_instant timestamptz)",
            returns="bigint",
            body="""
            SELECT count(*) FROM devices_assignment period
             WHERE period.organization_id = current_setting('app.organization_id')::bigint
               AND left(current_setting('app.patient_id'), 1) = '*' AND period.device_id = p_device
               AND (period.ends_at IS NULL OR period.ends_at > p_instant)
            """,
            reads=["SELECT (organization_id, device_id, ends_at) ON devices_assignment"],
        ),
    ]
