from __future__ import annotations

from celery import shared_task

from readings.partitions import ensure_months
from tenancy.tasks import PlatformTask


@shared_task(base=PlatformTask, name="readings.ensure_partitions", why="months are the whole platform's")
def ensure_partitions() -> None:
    ensure_months()
