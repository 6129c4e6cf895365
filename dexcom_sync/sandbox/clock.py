"""The server's own clock, which tests set, advance and let run at any rate."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Seconds since 1970. ``rate`` is how many of them pass in one real second; 0 stops the clock."""

    def __init__(self, *, now: float | None = None, rate: float = 1.0) -> None:
        self._set(time.time() if now is None else now, rate)
        # What was visible once stays in the ledger, also after the clock was set back.
        self._latest = self._base

    def now(self) -> float:
        now = self._base + (time.monotonic() - self._since) * self.rate
        self._latest = max(self._latest, now)
        return now

    def latest(self) -> float:
        return max(self._latest, self.now())

    def change(self, *, now: float | None = None, advance: float = 0.0, rate: float | None = None) -> None:
        base = self.now() if now is None else now
        self._set(base + advance, self.rate if rate is None else rate)

    def _set(self, now: float, rate: float) -> None:
        self._base, self._since, self.rate = now, time.monotonic(), rate


def instant_text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
