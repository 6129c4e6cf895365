"""Which clinics have something to seal; asked by a definer function that tells ids and never an entry."""

from __future__ import annotations

from django.db import connection


def organizations_with_unsealed_entries() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT organization_id FROM audit_unsealed() ORDER BY 1")
        return [int(row[0]) for row in cursor.fetchall()]
