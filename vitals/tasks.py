from __future__ import annotations

from celery import shared_task

from tenancy.tasks import PlatformTask
from vitals import partitions


@shared_task(base=PlatformTask, name="vitals.ensure_partitions", why="months are the whole platform's")
def ensure_partitions() -> None:
    partitions.ensure_months()
