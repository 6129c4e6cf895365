from __future__ import annotations

from django.db import migrations

from tenancy import roles
from tenancy.operations import EdgeAccess, Grant

# What whoever adds an entry may say of it; not where it stands in the ledger.
COLUMNS = (
    "organization_id, actor_kind, actor_id, actor_name, actor_role, action, object_type, object_id, patient_id, "
    "patient_ids, ip, session, request_id, reason, outcome, count, changes"
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_people_and_seals")]

    operations = [
        # Looks at readings are written where readings are read; nothing is read back.
        EdgeAccess("audit_entry", grants=[f"INSERT ({COLUMNS})"]),
        Grant("USAGE", on="SEQUENCE audit_entry_id_seq", to=roles.EDGE),
    ]
