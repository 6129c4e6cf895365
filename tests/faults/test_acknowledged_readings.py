"""Every reading that was answered with 201 is in the database, whatever dies meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.faults.installation import Installation, installation, wait_until

DEVICES = {"web": range(200), "postgres": range(200, 400)}
POSTERS = 6
# 409: stored before the kill, but the answer was lost. 429: the slot of a post that died holds for its 30 s.
EXPECTED = {201, 409, 429, 503}


class Posters:
    """Threads that post each device's reading once; what was acknowledged is kept, anything else is let go."""

    def __init__(self, system: Installation, devices: range) -> None:
        self.system = system
        self.acknowledged: set[str] = set()
        self.answers: list[int] = []
        self.remaining = list(devices)
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._post_all) for _ in range(POSTERS)]

    def _post_all(self) -> None:
        with httpx.Client(timeout=20) as http:
            while not self.stop.is_set():
                try:
                    number = self.remaining.pop()
                except IndexError:
                    return
                self._post(http, number)

    def _post(self, http: httpx.Client, number: int) -> None:
        code = f"ARGUS_{number}"
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=number % 50)
        body = {
            "deviceId": code, "userId": f"user_{number}", "timestamp": at.isoformat(), "glucoseValue": 100,
            "confidence": 0.9, "batteryLevel": 80, "signalQuality": "good",
            "sensorData": {"red": 1, "infrared": 1, "green": 1, "temperature": 36.5, "motionArtifact": False},
        }  # fmt: skip
        try:
            answer = http.post(
                f"{self.system.address}/api/v1/devices/{code}/readings",
                json=body, headers={"X-API-Key": self.system.key},
            )  # fmt: skip
        except httpx.TransportError:
            # As a device would: the same reading again, until somebody answers.
            self.remaining.insert(0, number)
            self.stop.wait(0.05)
            return
        self.answers.append(answer.status_code)
        if answer.status_code == 201:
            self.acknowledged.add(f"{code} {at.timestamp():.3f}")

    def count(self) -> int:
        return len(self.acknowledged)

    def wait_for_more(self, number: int) -> None:
        target = self.count() + number
        wait_until(lambda: self.count() >= target or not self.remaining)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("installation") / "state", devices=400) as made:
        made.start_server()
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["web", "postgres"])
def test_what_was_acknowledged_survives_a_kill(system: Installation, victim: str) -> None:
    posters = Posters(system, DEVICES[victim])
    for thread in posters.threads:
        thread.start()
    for round_number in (1, 2):
        posters.wait_for_more(30)
        if victim == "web":
            system.kill_server()
            system.start_server()
        else:
            system.kill_postgres()
        posters.wait_for_more(1)
        assert posters.remaining, f"all posts were made before kill {round_number}: nothing was tested"
    posters.stop.set()
    for thread in posters.threads:
        thread.join()
    assert posters.count() > 60
    assert posters.acknowledged <= system.stored()
    assert set(posters.answers) <= EXPECTED
