"""What of the whole platform is looked at when Prometheus asks: queues, workers, months, pools.

A part that is away gives no line of its own; ``glucose_up`` says which. They are no part of Prometheus's own registry,
since each look at that would ask the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache

import redis
from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.backoff import NoBackoff
from redis.retry import Retry

from audit import partitions as audit_partitions
from devices.fleet import keeping as device_months
from glucose_platform.redis_urls import redis_url_for
from readings import partitions as reading_partitions
from tenancy.heartbeat import last_worker_heartbeat
from vitals import partitions as vital_partitions

QUEUE = "celery"
COVERED_UNTIL: dict[str, Callable[[], datetime]] = {
    "readings": reading_partitions.covered_until,
    "sensor values": reading_partitions.SENSOR_VALUES.covered_until,
    "heartbeats": device_months.SAMPLES.covered_until,
    "device logs": device_months.LOGS.covered_until,
    "measurements": vital_partitions.covered_until,
    "audit": audit_partitions.covered_until,
}


class Figures(Collector):
    def describe(self) -> list[Metric]:
        """Nothing: otherwise registering would ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("glucose_up", "Whether this process reaches a part", labels=["part"])
        for part, look in (("redis", _of_valkey), ("database", _of_the_database)):
            try:
                yield from look()
            except (redis.RedisError, DatabaseError):
                up.add_metric([part], 0)
            else:
                up.add_metric([part], 1)
        yield up
        yield _pool()


def _of_valkey() -> list[Metric]:
    depth = GaugeMetricFamily("glucose_queue_depth", "Tasks that no worker has taken yet", labels=["queue"])
    depth.add_metric([QUEUE], queue_depth())
    age = GaugeMetricFamily("glucose_worker_heartbeat_seconds", "Since a worker last did the beat's task")
    if (beat := last_worker_heartbeat()) is not None:
        age.add_metric([], (timezone.now() - beat).total_seconds())
    return [depth, age]


def queue_depth() -> int:
    """Raises redis.RedisError."""
    return int(_broker().llen(QUEUE))


def _of_the_database() -> list[Metric]:
    headroom = GaugeMetricFamily(
        "glucose_partition_headroom_days", "Days for which a table has a partition", labels=["table"]
    )
    for table, covered_until in COVERED_UNTIL.items():
        headroom.add_metric([table], (covered_until() - timezone.now()).total_seconds() / 86_400)
    return [headroom]


def _pool() -> Metric:
    family = GaugeMetricFamily(
        "glucose_web_pool", "Django's connections open and idle, and who waits for one", labels=["what"]
    )
    stats = pool_stats()
    for what, name in (("open", "pool_size"), ("idle", "pool_available"), ("waiting", "requests_waiting")):
        family.add_metric([what], stats.get(name, 0))
    return family


def pool_stats() -> dict[str, int]:
    """Empty where the process has no pool."""
    pool = getattr(connections["default"], "pool", None)
    return dict(pool.get_stats()) if pool else {}


@cache
def _broker() -> redis.Redis:
    budget = settings.REDIS_BUDGET_SECONDS
    return redis.Redis.from_url(
        redis_url_for(settings.LIMITS_REDIS_URL, settings.REDIS_DATABASES["broker"], "client"),
        socket_timeout=budget,
        socket_connect_timeout=budget,
        retry=Retry(NoBackoff(), 0),
    )


REGISTRY = CollectorRegistry()
REGISTRY.register(Figures())
