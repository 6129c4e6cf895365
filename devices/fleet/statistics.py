"""The clinic's devices in figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from devices.fleet.health import with_health
from devices.health import LOW_BATTERY_PERCENT, Health
from devices.models import Device

NEW = timedelta(days=30)
# Of firmware that few devices have, the rest is counted together.
MOST_VERSIONS = 50


def fleet_statistics(now: datetime) -> dict[str, Any]:
    """Of devices in use. ``online_rate`` in percent of them, None where there is none."""
    devices = with_health(Device.objects.in_use(), now).order_by()
    counts = devices.aggregate(
        total=Count("pk"),
        active=Count("pk", filter=Q(status=Device.Status.ACTIVE)),
        online=Count("pk", filter=Q(is_online=True)),
        new_in30_days=Count("pk", filter=Q(created_at__gt=now - NEW)),
        low_battery=Count("pk", filter=Q(battery_level__lt=LOW_BATTERY_PERCENT)),
    )
    by_status = dict(devices.values_list("status").annotate(Count("pk")))
    by_health = dict(devices.values_list("health").annotate(Count("pk")))
    firmware = list(devices.values_list("firmware_version").annotate(count=Count("pk")).order_by("-count"))
    known = {version or "unknown": count for version, count in firmware[:MOST_VERSIONS]}
    others = sum(count for _, count in firmware[MOST_VERSIONS:])
    return {
        **counts,
        "offline": counts["total"] - counts["online"],
        "by_status": {
            status.value: by_status.get(status.value, 0) for status in Device.Status if status != Device.Status.RETIRED
        },
        "by_health": {health.value: by_health.get(health.value, 0) for health in Health},
        "online_rate": round(100 * counts["online"] / counts["total"], 1) if counts["total"] else None,
        "firmware": {**known, **({"others": others} if others else {})},
    }
