"""Figures about the commands of the clinic in scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Avg, Count, F, Q
from django.db.models.functions import Coalesce

from devices.commands.models import DeviceCommand, Kind, Priority, Status


@dataclass(frozen=True, slots=True)
class Statistics:
    """``success_rate``: of those that ended, cancelled ones aside; 0 to 1, None where none has."""

    total: int
    by_status: dict[str, int]
    by_type: dict[str, int]
    by_priority: dict[str, int]
    average_execution_ms: int | None
    success_rate: float | None


def statistics(*, since: datetime, until: datetime, device_id: int | None = None) -> Statistics:
    """Of commands that were ordered from ``since`` on and before ``until``."""
    found = DeviceCommand.objects.filter(created_at__gte=since, created_at__lt=until)
    if device_id is not None:
        found = found.filter(device_id=device_id)
    ended = Q(status__in=[Status.COMPLETED, Status.FAILED, Status.TIMEOUT], next_step_at__isnull=True)
    took = F("finished_at") - Coalesce("executing_at", "sent_at")
    figures = found.aggregate(
        total=Count("id"),
        ended=Count("id", filter=ended),
        completed=Count("id", filter=Q(status=Status.COMPLETED)),
        took=Avg(took, filter=Q(status=Status.COMPLETED)),
        **{f"status_{status}": Count("id", filter=Q(status=status)) for status in Status.values},
        **{f"type_{kind}": Count("id", filter=Q(type=kind)) for kind in Kind.values},
        **{f"priority_{one.label}": Count("id", filter=Q(priority=one)) for one in Priority},
    )
    return Statistics(
        total=figures["total"],
        by_status={status: figures[f"status_{status}"] for status in Status.values},
        by_type={kind: figures[f"type_{kind}"] for kind in Kind.values},
        by_priority={str(one.label): figures[f"priority_{one.label}"] for one in Priority},
        average_execution_ms=None if figures["took"] is None else round(figures["took"].total_seconds() * 1000),
        success_rate=figures["completed"] / figures["ended"] if figures["ended"] else None,
    )
