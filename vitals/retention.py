"""How long measurements are kept: as long as readings, by the clinic's own time and its plan's."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from audit.actions import Action
from audit.services import record
from readings.retention import days_kept
from tenancy.scope import required_organization_id

AT_ONCE = 5000
# Both tables by their keys; the months tell which partitions hold anything so old.
_EXPIRE = {
    "vitals.measurement": """
DELETE FROM vitals_measurement
 WHERE organization_id = %(organization_id)s AND measured_at < %(before)s
   AND (patient_id, metric, measured_at, source_number) IN (
       SELECT patient_id, metric, measured_at, source_number FROM vitals_measurement
        WHERE organization_id = %(organization_id)s AND measured_at < %(before)s LIMIT %(most)s)
""",
    "readings.sensorvalue": """
DELETE FROM readings_sensorvalue
 WHERE organization_id = %(organization_id)s AND measured_at < %(before)s
   AND (device_id, sensor_type, measured_at) IN (
       SELECT device_id, sensor_type, measured_at FROM readings_sensorvalue
        WHERE organization_id = %(organization_id)s AND measured_at < %(before)s LIMIT %(most)s)
""",
}


def remove_expired_measurements() -> int:
    """Of the organization in scope, with what its devices told of themselves; returns how many rows went.

    In transactions of at most 5,000 rows, each with its entry in the ledger, so call it outside of one.
    """
    with transaction.atomic():
        now = timezone.now()
        days = days_kept(now)
    if days is None:
        return 0
    before = now - timedelta(days=days)
    total = 0
    for table in _EXPIRE:
        while removed := _remove(table, before):
            total += removed
    return total


@transaction.atomic
def _remove(object_type: str, before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            _EXPIRE[object_type],
            {"organization_id": required_organization_id(), "before": before, "most": AT_ONCE},
        )
        removed = int(cursor.rowcount)
    if removed:
        record(action=Action.EXPIRE, object_type=object_type, object_id="", count=removed)
    return removed
