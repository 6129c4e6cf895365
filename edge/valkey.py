"""The data plane's Valkey: for limits and tallies, never for truth, and never waited for longer than the budget."""

from __future__ import annotations

import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

CONNECTIONS = 16


def valkey_client() -> redis.asyncio.Redis:
    """Its calls raise redis.RedisError within the budget when the server is away."""
    return redis.asyncio.Redis.from_url(
        settings.LIMITS_REDIS_URL,
        max_connections=CONNECTIONS,
        socket_timeout=settings.REDIS_BUDGET_SECONDS,
        socket_connect_timeout=settings.REDIS_BUDGET_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
