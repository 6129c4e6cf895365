"""Prometheus metrics of this process."""

from __future__ import annotations

import time

from prometheus_client import Counter, Histogram

REQUESTS = Counter("glucose_requests_total", "Requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("glucose_request_seconds", "Time to answer", ["method", "route"])
SECONDS = 60


class LastMinute:
    """How many there were in the last sixty seconds, for those who look without a Prometheus."""

    def __init__(self) -> None:
        self._counts = [0] * SECONDS
        self._seconds = [0] * SECONDS

    def add(self) -> None:
        # Without a lock: of two that meet one may be lost, and none is waited for.
        second = int(time.monotonic())
        place = second % SECONDS
        if self._seconds[place] != second:
            self._seconds[place], self._counts[place] = second, 0
        self._counts[place] += 1

    def number(self) -> int:
        since = int(time.monotonic()) - SECONDS
        return sum(count for second, count in zip(self._seconds, self._counts, strict=True) if second > since)


LAST_MINUTE = LastMinute()
