"""How often somebody may do something: named limits, shared through Valkey, kept by each process while it is away.

The figures stand in ``settings.RATE_LIMITS`` by name, as ``"5/15 minutes"``. All count in a moving window: no burst of
twice the figure where two fixed windows meet, and the wait that is told is the true one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import redis
from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from prometheus_client import Counter

from tenancy.redis import limits_client

LIMITS_SKIPPED = Counter(
    "glucose_limits_skipped_total",
    "Times that Redis did not answer for a limit, which then held for one process only, or not at all",
    ["limit"],
)

Answer = TypeVar("Answer")


def allow(limit: str, *key: object) -> float | None:
    """Count one, and return None; or, where the limit is reached, the seconds to wait. What is refused is not counted.

    ``key`` says who or what is counted. It is kept as a digest only: an e-mail address may be part of it.
    """
    return allow_rate(limit, settings.RATE_LIMITS[limit], *key)


def allow_rate(limit: str, rate: str, *key: object) -> float | None:
    """As ``allow``, with a figure that is not the installation's: ``rate`` belongs to who is counted."""
    item, digest = _parsed(rate), _digest(key)

    def hit(limiter: MovingWindowRateLimiter) -> float | None:
        return None if limiter.hit(item, limit, digest) else _wait(limiter, item, limit, digest)

    return _ask(limit, hit)


def peek(limit: str, *key: object) -> float | None:
    """The same answer without counting."""
    item, digest = _item(limit), _digest(key)

    def test(limiter: MovingWindowRateLimiter) -> float | None:
        return None if limiter.test(item, limit, digest) else _wait(limiter, item, limit, digest)

    return _ask(limit, test)


def clear(limit: str, *key: object) -> None:
    """Forget what was counted for ``key``."""
    item, digest = _item(limit), _digest(key)
    _in_process().clear(item, limit, digest)
    _ask(limit, lambda limiter: limiter.clear(item, limit, digest))


def _wait(limiter: MovingWindowRateLimiter, item: RateLimitItem, limit: str, digest: str) -> float:
    return max(limiter.get_window_stats(item, limit, digest).reset_time - time.time(), 1)


def retry_after(wait_seconds: float) -> str:
    """The header's value: whole seconds, and never earlier than the wait ends."""
    return str(max(math.ceil(wait_seconds), 1))


def refusal_sentence(wait_seconds: float) -> str:
    return f"Too many requests. Please try again in {retry_after(wait_seconds)} seconds."


def _ask(limit: str, question: Callable[[MovingWindowRateLimiter], Answer]) -> Answer:
    try:
        return question(_shared(limits_client(), key_prefix()))
    except redis.RedisError:
        LIMITS_SKIPPED.labels(limit).inc()
        return question(_in_process())


def _item(limit: str) -> RateLimitItem:
    return _parsed(settings.RATE_LIMITS[limit])


def key_prefix() -> str:
    """Installations that share a Valkey count apart."""
    return f"limits:{connection.settings_dict['NAME']}"


def _digest(key: tuple[object, ...]) -> str:
    return salted_hmac("tenancy.limits", "\0".join(map(str, key)), algorithm="sha256").hexdigest()[:32]


@cache
def _parsed(text: str) -> RateLimitItem:
    return parse(text)


@cache
def _shared(client: redis.Redis, prefix: str) -> MovingWindowRateLimiter:
    # Its connections are those of the client: the same budget of time, and no second try.
    pool = client.connection_pool
    return MovingWindowRateLimiter(RedisStorage("redis://", connection_pool=pool, key_prefix=prefix))


@cache
def _in_process() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())
