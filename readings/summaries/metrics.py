"""How long days have been waiting for their summary: workers tell it through Valkey, since they are not scraped."""

from __future__ import annotations

import math
from datetime import datetime

import redis
from django.utils import timezone
from prometheus_client import Gauge

from tenancy.redis import limits_client

KEY = "readings:oldest-dirty-day"
KEEP_SECONDS = 3600


def note_oldest_mark(marked_at: datetime | None) -> None:
    """``None``: no day waits. A metric is not worth failing for while Valkey is away."""
    try:
        limits_client().set(KEY, marked_at.timestamp() if marked_at else 0, ex=KEEP_SECONDS)
    except redis.RedisError:
        return


def waiting_seconds() -> float:
    """NaN where no worker told it within the hour, or Valkey is away."""
    try:
        value = limits_client().get(KEY)
    except redis.RedisError:
        return math.nan
    if value is None:
        return math.nan
    marked_at = float(value)
    return max(0.0, timezone.now().timestamp() - marked_at) if marked_at else 0.0


WAITING = Gauge("glucose_summaries_waiting_seconds", "How long the oldest day has been waiting for its summary")
WAITING.set_function(waiting_seconds)
