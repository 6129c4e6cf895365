"""Calls of an app in the last hour of virtual time, over all hosts."""

from __future__ import annotations

import math
from collections import deque

from dexcom_sync.sandbox.refusals import Refusal
from dexcom_sync.sandbox.switches import Switches

HOUR = 3_600


class Budget:
    def __init__(self) -> None:
        self._calls: dict[str, deque[float]] = {}

    def spend(self, client_id: str, now: float, switches: Switches) -> None:
        """Refused calls are not counted."""
        calls = self._calls.setdefault(client_id, deque())
        while calls and calls[0] <= now - HOUR:
            calls.popleft()
        if len(calls) >= switches.rate_per_hour:
            wait = max(1, math.ceil(calls[0] + HOUR - now)) if calls else HOUR
            headers = (("Retry-After", str(wait)),) if switches.retry_after == "on" else ()
            raise Refusal(429, "rate_limited", "The application made too many calls this hour.", headers)
        calls.append(now)

    def used(self, client_id: str, now: float) -> int:
        return sum(at > now - HOUR for at in self._calls.get(client_id, ()))
