"""Limits on posting, kept in Valkey. While it is away nothing is refused: a reading is worth more."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings

from tenancy.limits import LIMITS_SKIPPED

BATCH_ITEMS = 3000
BATCH_WINDOW_SECONDS = 300
# What the items of a batch are; each kind has a budget of its own.
READINGS, LOG_ENTRIES = "readings", "logs"

# Answers for each key 0 when it was free, else the milliseconds until it is.
_TAKE = """
local waits = {}
for slot, key in ipairs(KEYS) do
    if redis.call('set', key, ARGV[1], 'nx', 'px', ARGV[2]) then waits[slot] = 0
    else waits[slot] = math.max(redis.call('pttl', key), 1) end
end
return waits
"""
# Only what was taken with this token: after a slow transaction a slot may already be another post's.
_GIVE_BACK = """
for _, key in ipairs(KEYS) do
    if redis.call('get', key) == ARGV[1] then redis.call('del', key) end
end
"""
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
# Organization and device.
DeviceKey = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Taken:
    """``waits``: by the place of a device, the seconds until its slot is free; those that are not named have theirs."""

    token: str
    waits: dict[int, float]


class Slots:
    def __init__(self, valkey: Any) -> None:
        self._valkey = valkey

    async def take(self, devices: Sequence[DeviceKey]) -> Taken:
        """The right of each device to post one reading; of two posts of one device the second waits."""
        token = secrets.token_hex(8)
        if not devices:
            return Taken(token, {})
        milliseconds = settings.MAX_GLUCOSE_READING_RATE * 1000
        keys = [_slot(device) for device in devices]
        try:
            waits = await self._valkey.eval(_TAKE, len(keys), *keys, token, milliseconds)
        except redis.RedisError:
            LIMITS_SKIPPED.labels("reading_slot").inc(len(devices))
            # Valkey may have set the keys and only answered too late.
            await self.give_back(token, devices)
            return Taken(token, {})
        return Taken(token, {place: int(wait) / 1000 for place, wait in enumerate(waits) if wait})

    async def give_back(self, token: str, devices: Sequence[DeviceKey]) -> None:
        if devices:
            keys = [_slot(device) for device in devices]
            with suppress(redis.RedisError):
                await self._valkey.eval(_GIVE_BACK, len(keys), *keys, token)

    async def spend_items(self, device: DeviceKey, items: int, *, of: str) -> float | None:
        """Count the items of a batch; or, where that is too many, the seconds to wait."""
        milliseconds = BATCH_WINDOW_SECONDS * 1000
        try:
            wait = await self._valkey.eval(_SPEND, 1, _items(device, of), items, BATCH_ITEMS, milliseconds)
        except redis.RedisError:
            LIMITS_SKIPPED.labels("batch_items").inc()
            return None
        return int(wait) / 1000 if wait else None

    async def refund_items(self, device: DeviceKey, items: int, *, of: str) -> None:
        with suppress(redis.RedisError):
            await self._valkey.eval(_REFUND, 1, _items(device, of), items)


class Spending:
    """Of a device's budget, once, however often the transaction is tried."""

    def __init__(self, slots: Slots, items: int, *, of: str = READINGS) -> None:
        self._slots = slots
        self._items = items
        self._of = of
        self._device: DeviceKey | None = None

    async def spend(self, device: DeviceKey) -> float | None:
        """Where it is too much, the seconds to wait."""
        if self._device is not None:
            return None
        wait = await self._slots.spend_items(device, self._items, of=self._of)
        if not wait:
            self._device = device
        return wait

    async def take_back(self) -> None:
        if self._device is not None:
            await self._slots.refund_items(self._device, self._items, of=self._of)


def _slot(device: DeviceKey) -> str:
    return f"readings:slot:{device[0]}:{device[1]}"


def _items(device: DeviceKey, of: str) -> str:
    return f"{of}:items:{device[0]}:{device[1]}"
