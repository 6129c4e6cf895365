from __future__ import annotations

from django.db import migrations

TABLE = "readings_patientstate"


class Migration(migrations.Migration):
    dependencies = [("readings", "0006_evaluationmark")]

    operations = [
        # Each post replaces a state. Where all of a page are replaced at about the same time, 70 left no room for three
        # of ten, and their index was written as well.
        migrations.RunSQL(f"ALTER TABLE {TABLE} SET (fillfactor = 50)", f"ALTER TABLE {TABLE} SET (fillfactor = 70)"),
    ]
