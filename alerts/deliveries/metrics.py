"""Workers tell it through Valkey, since they are not scraped. A metric is not worth failing for while that is away."""

from __future__ import annotations

import math
from functools import partial

import redis
from prometheus_client import Gauge

from alerts.models import Channel
from tenancy.redis import limits_client
from tenancy.told_metrics import ToldCounter, tell
from tenancy.waiting import Waiting

FAILURES = "alerts:delivery-failures"


RESULTS = ToldCounter(
    "glucose_alert_deliveries", "Tries to hand a message over, by what came of them", ("kind", "result")
)


def note_success(kind: str) -> None:
    tell(RESULTS.told(kind, "sent"))


def note_failure(kind: str, *, is_final: bool) -> None:
    """``is_final``: nobody tries again."""
    tell(RESULTS.told(kind, "given up" if is_final else "failed"))
    try:
        limits_client().hincrby(FAILURES, kind, 1)
    except redis.RedisError:
        return


def failures_of(kind: str) -> float:
    try:
        return float(limits_client().hget(FAILURES, kind) or 0)
    except redis.RedisError:
        return math.nan


WAITING = Waiting(
    "alerts:oldest-due-delivery",
    "glucose_alert_deliveries_waiting_seconds",
    "How long the oldest due message has been waiting",
)
note_oldest_due, waiting_seconds = WAITING.note, WAITING.seconds
FAILED = Gauge("glucose_alert_delivery_failures", "Tries that failed since Valkey was emptied", ["kind"])
for _kind in Channel.Kind.values:
    FAILED.labels(_kind).set_function(partial(failures_of, _kind))
