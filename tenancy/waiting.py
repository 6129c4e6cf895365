"""How long the oldest piece of work has been waiting: workers tell it through Valkey, since they are not scraped."""

from __future__ import annotations

import math
from datetime import datetime

import redis
from django.utils import timezone
from prometheus_client import Gauge

from tenancy.redis import limits_client

KEEP_SECONDS = 3600


class Waiting:
    """``key``: in Valkey; ``name`` and ``documentation``: of the gauge, NaN where no worker told it within the hour."""

    def __init__(self, key: str, name: str, documentation: str) -> None:
        self.key = key
        Gauge(name, documentation).set_function(self.seconds)

    def note(self, since: datetime | None) -> None:
        """``None``: nothing waits. A metric is not worth failing for while Valkey is away."""
        try:
            limits_client().set(self.key, since.timestamp() if since else 0, ex=KEEP_SECONDS)
        except redis.RedisError:
            return

    def seconds(self) -> float:
        """NaN also where Valkey is away."""
        try:
            value = limits_client().get(self.key)
        except redis.RedisError:
            return math.nan
        if value is None:
            return math.nan
        since = float(value)
        return max(0.0, timezone.now().timestamp() - since) if since else 0.0
