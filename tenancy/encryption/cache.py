"""Unwrapped keys that this process keeps: bounded, for five minutes, and dropped at once when one is shredded.

Other processes learn of it by a number in Valkey, which each looks at once a second. Without Valkey they forget after
the five minutes.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property

import redis
import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenancy.redis import limits_client

logger = structlog.get_logger(__name__)
GENERATION = "encryption:generation"
SECONDS, SIZE = 300.0, 10_000
LOOK_EVERY = 1.0
# A key is found only under its own organization: a foreign id is as unknown as one that never was.
Name = tuple[int | None, int]


@dataclass(frozen=True)
class Secret:
    """An unwrapped key."""

    id: int
    material: bytes = field(repr=False)

    @cached_property
    def cipher(self) -> AESGCM:
        return AESGCM(self.material)


class KeyCache:
    def __init__(self, *, size: int = SIZE, seconds: float = SECONDS) -> None:
        self._size = size
        self._seconds = seconds
        self._held: OrderedDict[Name, tuple[float, Secret]] = OrderedDict()
        self._lock = threading.Lock()
        self._generation: bytes | None = None
        self._look_at = 0.0

    def get(self, key_id: int, organization_id: int | None) -> Secret | None:
        self._obey_others()
        with self._lock:
            until, secret = self._held.get((organization_id, key_id), (0.0, None))
        return secret if until > time.monotonic() else None

    def put(self, secret: Secret, organization_id: int | None) -> None:
        with self._lock:
            name = (organization_id, secret.id)
            self._held[name] = (time.monotonic() + self._seconds, secret)
            self._held.move_to_end(name)
            while len(self._held) > self._size:
                self._held.popitem(last=False)

    def forget_everywhere(self) -> None:
        self.forget()
        try:
            limits_client().incr(GENERATION)
        except redis.RedisError:
            logger.warning("keys_forgotten_late", seconds=self._seconds)

    def forget(self) -> None:
        with self._lock:
            self._held.clear()

    def _obey_others(self) -> None:
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY
        try:
            generation = limits_client().get(GENERATION)
        except redis.RedisError:
            return
        if generation != self._generation:
            self._generation = generation  # type: ignore[assignment]
            self.forget()


KEYS = KeyCache()
