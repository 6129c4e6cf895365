from django.db import migrations

from tenancy.operations import Grant, LookupFunction


class Migration(migrations.Migration):
    dependencies = [("patients", "0004_sealed_contact")]

    operations = [
        # Staff who see only their patients draw the number of a new one first: the row's line is checked at once.
        Grant("USAGE", on="SEQUENCE patients_patient_id_seq"),
        # For emergency access: which patient is meant by an exact code. Staff only, their own clinic only, and nothing
        # but the identity.
        LookupFunction(
            "patients_named(p_code text)",
            returns="TABLE (id bigint, public_id uuid)",
            body="""
            SELECT patient.id, patient.public_id FROM patients_patient patient
             WHERE patient.organization_id = current_setting('app.organization_id')::bigint
               AND left(current_setting('app.patient_id'), 1) = '*' AND patient.code = p_code
            """,
            reads=["SELECT (id, public_id, organization_id, code) ON patients_patient"],
        ),
    ]
