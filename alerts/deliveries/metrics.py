"""Workers tell it through Valkey, since they are not scraped. A metric is not worth failing for while that is away."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from functools import partial

import redis
from django.utils import timezone
from prometheus_client import Gauge

from alerts.models import Channel
from tenancy.redis import limits_client

OLDEST, FAILURES = "alerts:oldest-due-delivery", "alerts:delivery-failures"
KEEP_SECONDS = 3600


def note_oldest_due(waiting_since: datetime | None) -> None:
    """``None``: nothing waits."""
    _quietly(lambda: limits_client().set(OLDEST, waiting_since.timestamp() if waiting_since else 0, ex=KEEP_SECONDS))


def note_failure(kind: str) -> None:
    _quietly(lambda: limits_client().hincrby(FAILURES, kind, 1))


def _quietly(note: Callable[[], object]) -> None:
    try:
        note()
    except redis.RedisError:
        return


def waiting_seconds() -> float:
    """NaN where no worker told it within the hour, or Valkey is away."""
    try:
        value = limits_client().get(OLDEST)
    except redis.RedisError:
        return math.nan
    if value is None:
        return math.nan
    since = float(value)
    return max(0.0, timezone.now().timestamp() - since) if since else 0.0


def failures_of(kind: str) -> float:
    try:
        return float(limits_client().hget(FAILURES, kind) or 0)
    except redis.RedisError:
        return math.nan


WAITING = Gauge("glucose_alert_deliveries_waiting_seconds", "How long the oldest due message has been waiting")
WAITING.set_function(waiting_seconds)
FAILED = Gauge("glucose_alert_delivery_failures", "Tries that failed since Valkey was emptied", ["kind"])
for _kind in Channel.Kind.values:
    FAILED.labels(_kind).set_function(partial(failures_of, _kind))
