from __future__ import annotations

from django.db import migrations

SIGNED_IN = "accounts_signed_in(uuid[])"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_browser_streams")]

    operations = [
        # Each read of the data plane asks it; making its plan took longer than following it.
        migrations.RunSQL(
            f"ALTER FUNCTION {SIGNED_IN} SET plan_cache_mode = force_generic_plan",
            f"ALTER FUNCTION {SIGNED_IN} RESET plan_cache_mode",
        ),
    ]
