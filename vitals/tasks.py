from __future__ import annotations

from celery import shared_task

from tenancy.tasks import PlatformTask, in_each_organization
from vitals import partitions
from vitals.retention import remove_expired_measurements


@shared_task(base=PlatformTask, name="vitals.ensure_partitions", why="months are the whole platform's")
def ensure_partitions() -> None:
    partitions.ensure_months()


@shared_task(base=PlatformTask, name="vitals.remove_expired", why="each clinic's measurements go in a scope of its own")
def remove_expired() -> None:
    in_each_organization(remove_expired_measurements, failed="measurements_not_expired")
