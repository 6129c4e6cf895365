"""Devices that post what they measure until it is acknowledged, and keep it until then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import numpy as np

from simulator.fleet.people import person
from simulator.loadtest.endpoint import Clients, timed
from simulator.loadtest.plan import SENSOR_SECONDS, ScenarioPlan
from simulator.loadtest.record import Record, spoken, tagged
from simulator.loadtest.sample import Sample
from simulator.loadtest.world import LoadDevice
from simulator.physiology.sensor import HIGHEST, LOWEST
from simulator.traces import Traces, Wearer

# An urgent low of one patient in ten, so that there is something to alarm about in the shortest run too.
LOW, LOW_EVERY = 50, 10
PEOPLE_AT_ONCE = 300
UTC_ZONE = ZoneInfo("UTC")
# Within what the platform takes from a clock that is ahead.
JUMP = timedelta(minutes=4)
MOST_ITEMS = 500
RETRY_SECONDS = 1.0
# What may wait is delivered after the end, by everybody at once.
DRAIN_SECONDS = 90.0


def levels_of(plan: ScenarioPlan, devices: list[LoadDevice]) -> dict[LoadDevice, dict[int, int]]:
    """For each device, by the number of the reading, what it will measure; where its sensor shows nothing, nothing."""
    steps = int(plan.seconds // plan.interval) + 1
    begin = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=7)
    seconds = int(begin.timestamp()) + int(SENSOR_SECONDS) * np.arange(steps, dtype=np.int64)
    wearers = {device: Wearer(person(device.clinic * 100_000 + device.number), UTC_ZONE) for device in devices}
    traces = Traces()
    found = {}
    for start in range(0, len(devices), PEOPLE_AT_ONCE):
        some = devices[start : start + PEOPLE_AT_ONCE]
        traces.prepare([wearers[device] for device in some], begin, begin + timedelta(seconds=SENSOR_SECONDS * steps))
        for device in some:
            made = traces.at(wearers[device], seconds)
            places = ((made.seconds - seconds[0]) // int(SENSOR_SECONDS)).tolist()
            values = np.clip(np.rint(made.levels), LOWEST, HIGHEST).astype(int).tolist()
            found[device] = dict(zip(places, values, strict=True))
            if device.number % LOW_EVERY == 1:
                found[device] |= dict.fromkeys(range(steps // 2, min(steps // 2 + 3, steps)), LOW)
        traces.forget()
    return found


@dataclass(slots=True)
class Poster:
    """``gap``: seconds that the platform asks for between two single readings of a device."""

    device: LoadDevice
    plan: ScenarioPlan
    levels: dict[int, int]
    gap: float
    client: Clients
    record: Record
    sample: Sample
    waiting: dict[int, int] = field(default_factory=dict)
    _free_at: float = 0.0

    @property
    def jumps(self) -> bool:
        return self.device.number <= self.plan.jumps

    async def run(self, begin: datetime, started: float) -> None:
        """``begin`` and ``started`` are the same instant, by the wall and by the loop's clock."""
        for number, due in self._schedule():
            while (left := started + due - _now()) > 0:
                # What could not be delivered is tried again meanwhile, as a device does.
                await asyncio.sleep(min(left, RETRY_SECONDS) if self.waiting else left)
                if self.waiting:
                    await self._deliver()
            self._measure(number, begin + timedelta(seconds=due))
            await self._deliver()
        deadline = max(started + self.plan.seconds, _now()) + DRAIN_SECONDS
        while self.waiting and _now() < deadline:
            await asyncio.sleep(RETRY_SECONDS)
            await self._deliver(at_once=True)
        self.record.undelivered += len(self.waiting)

    def _schedule(self) -> Iterator[tuple[int, float]]:
        """Devices take turns: they were not all put on at the same instant."""
        patients, interval = self.plan.patients * self.plan.clinics, self.plan.interval
        place = (self.device.number - 1) * self.plan.clinics + self.device.clinic - 1
        first = place / patients * interval
        number = 0
        while (due := first + number * interval) < self.plan.seconds:
            yield number, due
            number += 1

    def _measure(self, number: int, at: datetime) -> None:
        if number not in self.levels:
            return
        third = self.plan.seconds / 3
        ahead = self.jumps and third <= number * self.plan.interval < 2 * third
        instant = tagged(at + (JUMP if ahead else timedelta()), self.device.clinic)
        self.waiting[instant] = self.levels[number]
        self.record.posted[self.device.clinic, self.device.number][instant] = self.levels[number]

    async def _deliver(self, *, at_once: bool = False) -> None:
        if not self.waiting or (_now() < self._free_at and not at_once):
            return
        some = dict(list(self.waiting.items())[:MOST_ITEMS])
        self._free_at = _now() + self.gap
        items = [item_of(instant, value) for instant, value in some.items()]
        body = {**names_of(self.device), **items[0]} if len(items) == 1 else {"readings": items}
        answer = await timed(self.client, self.sample, "POST", path_of(self.device), **request_of(self.device, body))
        if answer is None or answer.status_code in (429, 503):
            self._free_at = _now() + RETRY_SECONDS
            return
        self._hear(answer, some)

    def _hear(self, answer: httpx.Response, some: dict[int, int]) -> None:
        acknowledged = self.record.acknowledged[self.device.clinic, self.device.number]
        results = ["created"] * len(some)
        if answer.status_code == httpx.codes.OK:
            results = [result["status"] for result in answer.json()["results"]]
        elif answer.status_code not in (httpx.codes.CREATED, httpx.codes.CONFLICT):
            # A conflict: it was stored, and only the answer was lost.
            results = ["rejected"] * len(some)
        for (instant, value), result in zip(some.items(), results, strict=True):
            del self.waiting[instant]
            if result == "rejected":
                self.record.problem(f"A reading was refused with {answer.status_code}: {answer.text[:120]}")
            else:
                acknowledged[instant] = value


def path_of(device: LoadDevice) -> str:
    return f"/api/v1/devices/{device.code}/readings"


def names_of(device: LoadDevice) -> dict[str, str]:
    return {"deviceId": device.code, "userId": device.patient_code}


def request_of(device: LoadDevice, body: dict[str, Any]) -> dict[str, Any]:
    return {"json": body, "headers": {"X-API-Key": device.key}}


def item_of(instant: int, value: int) -> dict[str, Any]:
    return {
        "timestamp": spoken(instant), "glucoseValue": value, "confidence": 0.95, "batteryLevel": 80,
        "signalQuality": "good",
        "sensorData": {"red": 2.4, "infrared": 3.1, "green": 1.8, "temperature": 36.4, "motionArtifact": False},
    }  # fmt: skip


def _now() -> float:
    return asyncio.get_running_loop().time()
