"""Workers leave the time of their last beat, so that readiness can tell that tasks are being done."""

from __future__ import annotations

from datetime import UTC, datetime

from celery import shared_task
from django.utils import timezone

from tenancy.redis import limits_client
from tenancy.tasks import PlatformTask

KEY = "worker-heartbeat"
KEEP_SECONDS = 3600


@shared_task(
    base=PlatformTask, name="tenancy.worker_heartbeat", why="tells that a worker runs; it touches no clinic's data"
)
def worker_heartbeat() -> None:
    limits_client().set(KEY, timezone.now().timestamp(), ex=KEEP_SECONDS)


def last_worker_heartbeat() -> datetime | None:
    """Raises redis.RedisError where Valkey is away."""
    value = limits_client().get(KEY)
    return datetime.fromtimestamp(float(value), tz=UTC) if value else None
