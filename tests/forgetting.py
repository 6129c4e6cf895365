"""What one test left in Valkey is gone before the next."""

from __future__ import annotations

import os
from functools import cache

import redis
from django.conf import settings

from glucose_platform.redis_urls import redis_url_for


def limits_url() -> str:
    """Not from LIMITS_REDIS_URL: a test may have pointed that at a server that does not answer."""
    return redis_url_for(os.environ["REDIS_URL"], settings.REDIS_DATABASES["limits"], "client")


def forget_keys(url: str, pattern: str) -> None:
    client = _client(url)
    if keys := list(client.scan_iter(pattern, count=1000)):
        client.delete(*keys)


@cache
def _client(url: str) -> redis.Redis:
    """Kept: every new connection reads the version of the client's package from a file, which takes milliseconds."""
    return redis.Redis.from_url(url)


def forget_limits() -> None:
    """Where the world of the isolation tests counts, which is a database of its own.

    By a client that waits: that of requests gives up after a tenth of a second, which a busy machine may take.
    """
    _client(settings.LIMITS_REDIS_URL).flushdb()
