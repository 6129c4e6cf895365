from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import redis

from dexcom_sync import metrics
from dexcom_sync.client.errors import (
    DexcomError,
    RateLimited,
    ServerTrouble,
    TokenRefusal,
    TokenRefused,
    Unreadable,
)
from dexcom_sync.limiter import scripts
from dexcom_sync.limiter.answers import Go, MustWait, Usage, Wait, WhyWait
from dexcom_sync.limiter.budget import BACKFILL_SHARE, FLOORS, HEADROOM, Budget, Lane
from dexcom_sync.limiter.local import LocalLimit

MICROSECONDS = 1_000_000
FIRST_PAUSE_SECONDS = 60.0
# Fewer calls in two minutes say nothing about a host.
FEWEST_CALLS = 10


class Limiter:
    """One for each application and host in a process: it remembers what it may do alone while Valkey is away."""

    def __init__(self, valkey: redis.Redis, client_id: str, host: str, budget: Budget) -> None:
        application = sha256(client_id.encode()).hexdigest()[:16]
        prefix = f"dexcom:{{{application}}}"
        self.host = host
        self.budget = budget
        self._valkey = valkey
        self._stopped_key = f"{prefix}:stopped"
        self._keys = [
            f"{prefix}:{host}:state",
            f"{prefix}:{host}:usage",
            self._stopped_key,
            f"{prefix}:{host}:health",
        ]
        self._local = LocalLimit(budget.of_one_worker())
        self._ask = valkey.register_script(scripts.ASK)
        self._cool_down = valkey.register_script(scripts.COOL_DOWN)
        self._note = valkey.register_script(scripts.NOTE)
        self._usage = valkey.register_script(scripts.USAGE)

    def ask(self, lane: Lane) -> Go | Wait:
        """A Go is spent, whether the call is made or not."""
        answer = self._asked(lane)
        if isinstance(answer, Go):
            metrics.count("permits", self.host, lane)
        else:
            metrics.count("waits", self.host, lane, answer.why)
        return answer

    @contextmanager
    def permitted(self, lane: Lane) -> Iterator[Go]:
        """Raises MustWait before the call; what the call ends with is told to the limiter, and goes on."""
        answer = self.ask(lane)
        if isinstance(answer, Wait):
            raise MustWait(answer)
        try:
            yield answer
        except DexcomError as error:
            self.note_error(error, answer)
            raise
        self.note_fine(answer)

    def note_fine(self, go: Go) -> None:
        self._noted(go, failed=False)

    def note_error(self, error: DexcomError, go: Go) -> None:
        if isinstance(error, RateLimited):
            self.cool_down(error.retry_after)
        if isinstance(error, TokenRefused):
            metrics.count("token_refusals", self.host, error.kind)
            if error.is_our_fault:
                self.stop(error.kind)
        is_lost = isinstance(error, TokenRefused) and error.kind is TokenRefusal.AMBIGUOUS
        self._noted(go, failed=is_lost or isinstance(error, ServerTrouble | Unreadable))

    def cool_down(self, retry_after: float | None) -> None:
        """After a 429, everybody waits: as long as it asks for, else a minute, doubling up to 15."""
        asked = -1 if retry_after is None else max(retry_after, 1.0) * MICROSECONDS
        try:
            seconds = int(self._cool_down(self._keys, [asked])) / MICROSECONDS
        except redis.RedisError:
            seconds = retry_after or FIRST_PAUSE_SECONDS
        self._local.pause(seconds)

    def stop(self, reason: str) -> None:
        """No more calls of this application, on any host, until ``resume``: our credentials were refused."""
        self._local.stop()
        metrics.count("stops", reason)
        try:
            self._valkey.set(self._stopped_key, reason)
        except redis.RedisError:
            # The next worker that is refused tells it again.
            return

    def resume(self) -> None:
        """Raises redis.RedisError where nobody would hear of it."""
        self._valkey.delete(self._stopped_key)
        self._local.resume()

    def stopped_because(self) -> str | None:
        """Raises redis.RedisError while Valkey is away."""
        reason: Any = self._valkey.get(self._stopped_key)
        return reason.decode() if reason is not None else None

    def usage(self) -> Usage:
        """Raises redis.RedisError while Valkey is away."""
        found: Any = self._usage(self._keys)
        by_lane: Counter[str] = Counter()
        for field, count in zip(found[::2], found[1::2], strict=True):
            by_lane[field.decode().partition(":")[2]] += int(count)
        return Usage(used=by_lane.total(), limit=self.budget.per_hour, by_lane=dict(by_lane))

    def _asked(self, lane: Lane) -> Go | Wait:
        cost = self.budget.microseconds_per_call
        share = BACKFILL_SHARE if lane is Lane.BACKFILL else 0
        arguments: list[str | float] = [
            lane,
            cost,
            cost * self.budget.burst,
            HEADROOM[lane],
            FLOORS.get(lane, 0),
            share,
        ]
        try:
            word, number = self._ask(self._keys, arguments)
        except redis.RedisError:
            metrics.count("permits_alone", self.host)
            return self._local.ask(lane)
        if word == b"go":
            self._local.spent(lane)
            return Go(is_probe=bool(number))
        wait = Wait(int(number) / MICROSECONDS, WhyWait(word.decode()))
        if wait.why is WhyWait.COOLDOWN:
            self._local.pause(wait.seconds)
        if wait.why is WhyWait.STOPPED:
            self._local.stop()
        return wait

    def _noted(self, go: Go, *, failed: bool) -> None:
        try:
            change: Any = self._note(self._keys, [int(failed), int(go.is_probe), FEWEST_CALLS])
        except redis.RedisError:
            return
        if change:
            metrics.count("host_changes", self.host, "given_up" if change > 0 else "well_again")
