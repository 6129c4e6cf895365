"""How long what devices tell of themselves is kept, and the months that it is stored in."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from devices.fleet.models import DeviceLog
from devices.models import Device
from tenancy.partitions import MonthlyPartitions

SAMPLES = MonthlyPartitions("devices_heartbeatsample", maker="devices_heartbeatsample_ensure_months")
LOGS = MonthlyPartitions("devices_devicelog", maker="devices_devicelog_ensure_months")
DEVICES_AT_ONCE = 200


def drop_old_months() -> int:
    """Months of which all is older than it is to be kept. Raises OperationalError where one is in use for a second."""
    with transaction.atomic(), connection.cursor() as cursor:
        days = [settings.DEVICE_HEARTBEAT_DAYS, settings.DEVICE_LOG_DAYS]
        cursor.execute("SELECT devices_drop_old_months(%s, %s)", days)
        return int(cursor.fetchone()[0])


def remove_old_entries() -> int:
    """Of the clinic in scope, log entries that are older than they are to be kept; returns how many went.

    In transactions of some devices each, so call it outside of one.
    """
    before = timezone.now() - timedelta(days=settings.DEVICE_LOG_DAYS)
    removed, after = 0, 0
    while ids := _next_devices(after):
        with transaction.atomic():
            old = DeviceLog.objects.filter(device_id__in=ids, received_at__lt=before)
            removed += old._raw_delete(old.db)
        after = ids[-1]
    return removed


@transaction.atomic
def _next_devices(after: int) -> list[int]:
    devices = Device.objects.filter(pk__gt=after).order_by("pk")
    return list(devices.values_list("pk", flat=True)[:DEVICES_AT_ONCE])
