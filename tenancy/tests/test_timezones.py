from __future__ import annotations

import pytest
from django.db import connection

from tenancy.models import _timezones


@pytest.mark.django_db
def test_every_zone_that_is_taken_is_known_to_postgresql() -> None:
    """A patient in another could not have any reading stored, nor could those whose posts came at the same moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        known = {name for (name,) in cursor}
    assert _timezones() - known == set()
