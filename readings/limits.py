"""Limits on posting, kept in Redis. With Redis away nothing is refused: a reading is worth more."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis
from django.conf import settings

from tenancy.limits import LIMITS_SKIPPED
from tenancy.redis import limits_client
from tenancy.scope import required_organization_id

BATCH_ITEMS = 3000
BATCH_WINDOW_SECONDS = 300

# Only the holder's own token: after a slow request the key may already be another request's.
_GIVE_SLOT_BACK = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
# Answers 0 when spent, else the milliseconds until the window ends; a refused amount is not counted.
_SPEND = """
local spent = tonumber(redis.call('get', KEYS[1]) or '0')
if spent + tonumber(ARGV[1]) > tonumber(ARGV[2]) then return math.max(redis.call('pttl', KEYS[1]), 1) end
redis.call('incrby', KEYS[1], ARGV[1])
if spent == 0 then redis.call('pexpire', KEYS[1], ARGV[3]) end
return 0
"""
# The key may have expired meanwhile; without this a DECRBY would leave a negative count that never ends.
_REFUND = """
if tonumber(redis.call('get', KEYS[1]) or '0') >= tonumber(ARGV[1]) then
    return redis.call('decrby', KEYS[1], ARGV[1])
end
return 0
"""


class LimitReached(Exception):
    def __init__(self, wait_seconds: float) -> None:
        super().__init__(f"Try again in {wait_seconds:.0f} s.")
        self.wait_seconds = wait_seconds


@contextmanager
def reading_slot(device_id: int) -> Iterator[None]:
    """The right of a device of the clinic in scope to post one reading; kept when the block ends without an error.

    Raises LimitReached while an earlier reading holds it.
    """
    key = f"readings:slot:{required_organization_id()}:{device_id}"
    token = secrets.token_hex(8)
    _take_slot(key, token)
    try:
        yield
    except BaseException:
        # Also after a time-out in taking it: Redis may have set the key and only answered too late.
        with suppress(redis.RedisError):
            limits_client().eval(_GIVE_SLOT_BACK, 1, key, token)
        raise


def _take_slot(key: str, token: str) -> None:
    milliseconds = settings.MAX_GLUCOSE_READING_RATE * 1000
    try:
        if limits_client().set(key, token, nx=True, px=milliseconds):
            return
        remaining = int(limits_client().pttl(key))
    except redis.RedisError:
        LIMITS_SKIPPED.labels("reading_slot").inc()
        return
    raise LimitReached(max(remaining, 1) / 1000)


@contextmanager
def batch_budget(device_id: int, items: int) -> Iterator[None]:
    """Count ``items`` of a batch; they are counted back when the block fails. Raises LimitReached above the budget."""
    key = f"readings:items:{required_organization_id()}:{device_id}"
    _spend(key, items, BATCH_ITEMS, BATCH_WINDOW_SECONDS, "batch_items")
    try:
        yield
    except BaseException:
        with suppress(redis.RedisError):
            limits_client().eval(_REFUND, 1, key, str(items))
        raise


def _spend(key: str, amount: int, limit: int, window_seconds: int, name: str) -> None:
    try:
        wait = limits_client().eval(_SPEND, 1, key, str(amount), str(limit), str(window_seconds * 1000))
    except redis.RedisError:
        LIMITS_SKIPPED.labels(name).inc()
        return
    if wait:
        raise LimitReached(int(wait) / 1000)
