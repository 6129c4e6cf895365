"""Devices that post without a pause, and know what they were answered."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import cycle

import httpx

from tests.faults.installation import Installation, milliseconds, reading_of, wait_until

POSTERS = 8


class Posters:
    """``repeat``: what was not answered, or with 503, is posted again, as a device does."""

    def __init__(self, system: Installation, *, repeat: bool = True) -> None:
        self.system = system
        self.repeat = repeat
        self.acknowledged: set[str] = set()
        self.answers: Counter[int] = Counter()
        self.unanswered = 0
        self._stop = threading.Event()
        share = system.devices // POSTERS
        self._threads = [
            threading.Thread(target=self._post_all, args=(range(number * share, (number + 1) * share),))
            for number in range(POSTERS)
        ]

    def __enter__(self) -> Posters:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self, number: int) -> None:
        target = len(self.acknowledged) + number
        wait_until(lambda: len(self.acknowledged) >= target, 60)

    def _post_all(self, numbers: range) -> None:
        with httpx.Client(base_url=self.system.address, headers={"X-API-Key": self.system.key}, timeout=20) as http:
            for number in cycle(numbers):
                if self._stop.is_set():
                    return
                self._deliver(http, number, datetime.now(UTC))

    def _deliver(self, http: httpx.Client, number: int, at: datetime) -> None:
        while not self._stop.is_set():
            status = self._post(http, number, at)
            if status == 201:
                self.acknowledged.add(f"ARGUS_{number} {milliseconds(at)}")
            if not self.repeat or status not in (None, 503):
                return
            time.sleep(0.05)

    def _post(self, http: httpx.Client, number: int, at: datetime) -> int | None:
        path, body = reading_of(number, at)
        try:
            answer = http.post(path, json=body)
        except httpx.TransportError:
            self.unanswered += 1
            return None
        self.answers[answer.status_code] += 1
        if answer.status_code == 503:
            assert "Retry-After" in answer.headers
        return answer.status_code
