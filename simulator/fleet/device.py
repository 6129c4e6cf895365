"""A device as devices are: its battery drains, its clock is wrong, it is offline now and then and catches up later."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from simulator.fleet.items import Measured, written

FIRMWARES = ("2.1.1", "2.1.3", "2.1.4", "2.2.0")
# The platform takes what is at most 5 minutes ahead.
LARGEST_SKEW = timedelta(seconds=120)
CHARGED_BELOW = 8.0
MOST_ITEMS = 500


@dataclass(frozen=True, slots=True)
class Habits:
    """How often what goes wrong: chances for an hour of simulated time, or for a post."""

    offline_an_hour: float = 0.04
    offline_minutes: tuple[float, float] = (10.0, 90.0)
    repeats: float = 0.02
    shuffles: float = 0.2
    wrong_clock: float = 0.1


WELL_BEHAVED = Habits(offline_an_hour=0, repeats=0, shuffles=0, wrong_clock=0)


@dataclass(slots=True)
class VirtualDevice:
    """``code`` and ``key`` are the platform's. What was measured waits until ``take`` is asked for it."""

    code: str
    patient_code: str
    key: str
    seed: int
    habits: Habits = field(default_factory=Habits)
    battery: float = field(init=False)
    firmware: str = field(init=False)
    skew: timedelta = field(init=False)
    offline_until: datetime | None = field(init=False, default=None)
    settings_version: int | None = field(init=False, default=None)
    waiting: list[Measured] = field(init=False, default_factory=list)
    _chance: np.random.Generator = field(init=False)
    _drain: float = field(init=False)
    _started: datetime | None = field(init=False, default=None)
    _last: datetime | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._chance = np.random.default_rng([self.seed, 30])
        self.battery = float(self._chance.uniform(30, 100))
        self._drain = float(self._chance.uniform(100 / 12 / 24, 100 / 5 / 24))
        self.firmware = FIRMWARES[int(self._chance.integers(3))]
        wrong = self._chance.random() < self.habits.wrong_clock
        seconds = float(np.clip(self._chance.normal(0, 50 if wrong else 1), -120, LARGEST_SKEW.total_seconds()))
        self.skew = timedelta(seconds=seconds)

    def measure(self, measured: Measured) -> None:
        self._live_until(measured.at)
        if len(measured):
            self.waiting.append(measured)

    def is_offline(self, now: datetime) -> bool:
        return self.offline_until is not None and now < self.offline_until

    def take(self, now: datetime) -> list[Measured]:
        """What to post now: nothing while it is offline, all that waited after that, sometimes out of order."""
        if self.is_offline(now):
            return []
        taken, self.waiting = self.waiting, []
        if len(taken) > 2 and self._chance.random() < self.habits.shuffles:
            self._chance.shuffle(taken)
        return taken

    def put_back(self, measured: list[Measured]) -> None:
        """It could not be posted."""
        self.waiting = measured + self.waiting

    def repeats(self) -> bool:
        """Whether the device did not hear the answer and posts the same again."""
        return bool(self._chance.random() < self.habits.repeats)

    def items(self, measured: list[Measured]) -> list[dict[str, Any]]:
        return [
            item
            for each in measured
            for item in written(each, skew=self.skew, battery=int(self.battery), chance=self._chance)
        ]

    def heartbeat(self, now: datetime) -> dict[str, Any]:
        started = self._started or now
        body = {
            "status": "active",
            "batteryLevel": int(self.battery),
            "signalStrength": int(np.clip(self._chance.normal(-62, 8), -100, -20)),
            "uptime": int((now - started).total_seconds()),
            "temperature": round(float(self._chance.normal(31, 1.5)), 1),
            "memoryUsage": round(float(np.clip(self._chance.normal(48, 6), 5, 99)), 1),
            "cpuUsage": round(float(np.clip(self._chance.normal(14, 6), 1, 99)), 1),
            "firmwareVersion": self.firmware,
            "lastSeen": (now + self.skew).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
        return body if self.settings_version is None else {**body, "settingsVersion": self.settings_version}

    def _live_until(self, now: datetime) -> None:
        hours = 0.0 if self._last is None else max((now - self._last).total_seconds() / 3600, 0)
        self._started, self._last = self._started or now, now
        self.battery -= self._drain * hours
        if self.battery < CHARGED_BELOW:
            # On the charger; that is when devices load their next firmware as well.
            self.battery = 100.0
            self.firmware = FIRMWARES[min(FIRMWARES.index(self.firmware) + 1, len(FIRMWARES) - 1)]
            self._started = now
        if not self.is_offline(now) and self._chance.random() < self.habits.offline_an_hour * min(hours, 1):
            self.offline_until = now + timedelta(minutes=float(self._chance.uniform(*self.habits.offline_minutes)))
