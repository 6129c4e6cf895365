"""Valkey, for limits and heartbeats: never for truth, and never waited for longer than the budget."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


@cache
def limits_client() -> redis.Redis:
    """The client of this process; its calls raise redis.RedisError within the budget when the server is away."""
    return redis.Redis.from_url(
        settings.LIMITS_REDIS_URL,
        socket_timeout=settings.REDIS_BUDGET_SECONDS,
        socket_connect_timeout=settings.REDIS_BUDGET_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
