from django.db import migrations

from tenancy import roles
from tenancy.operations import Grant


class Migration(migrations.Migration):
    """The live streams tell what was measured."""

    dependencies = [("vitals", "0002_observations")]

    operations = [
        Grant("SELECT (public_id, value, second_value, source)", on="vitals_measurement", to=roles.EDGE),
    ]
