"""The limit of one process alone, for while Valkey is away: tighter than the shared one, never looser."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from dexcom_sync.limiter.answers import Go, Wait, WhyWait
from dexcom_sync.limiter.budget import BACKFILL_SHARE, HEADROOM, Budget, Lane


class LocalLimit:
    """``budget``: of this process. What the shared limiter permits is spent here, too, so that a Valkey that comes and
    goes does not give two budgets.
    """

    def __init__(self, budget: Budget, clock: Callable[[], float] = time.monotonic) -> None:
        self._cost = budget.microseconds_per_call / 1_000_000
        self._tolerance = budget.burst * self._cost
        self._clock = clock
        self._lock = threading.Lock()
        self._whole = self._backfill = 0.0
        self._paused_until = 0.0
        self._is_stopped = False

    def ask(self, lane: Lane) -> Go | Wait:
        with self._lock:
            now = self._clock()
            if self._is_stopped:
                return Wait(60.0, WhyWait.STOPPED)
            if self._paused_until > now:
                return Wait(self._paused_until - now, WhyWait.COOLDOWN)
            wait = self._wait(lane, now)
            if wait > 0:
                return Wait(wait, WhyWait.BUDGET)
            self._spend(lane, now)
            return Go()

    def spent(self, lane: Lane) -> None:
        with self._lock:
            self._is_stopped = False
            self._spend(lane, self._clock())

    def pause(self, seconds: float) -> None:
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def stop(self) -> None:
        with self._lock:
            self._is_stopped = True

    def resume(self) -> None:
        with self._lock:
            self._is_stopped = False

    def _wait(self, lane: Lane, now: float) -> float:
        room = max(self._tolerance * HEADROOM[lane], self._cost)
        wait = max(self._whole, now) + self._cost - now - room
        if lane is Lane.BACKFILL:
            cost = self._cost / BACKFILL_SHARE
            wait = max(wait, max(self._backfill, now) + cost - now - max(self._tolerance, cost))
        return wait

    def _spend(self, lane: Lane, now: float) -> None:
        """No farther ahead than a full burst: what the shared limiter permits is more than this one's rate."""
        self._whole = min(max(self._whole, now) + self._cost, now + self._tolerance + self._cost)
        if lane is Lane.BACKFILL:
            cost = self._cost / BACKFILL_SHARE
            self._backfill = min(max(self._backfill, now) + cost, now + self._tolerance + cost)
