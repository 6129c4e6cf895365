"""The highest rate of single posts that is answered in time: by doubling, then by halving what lies between."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle, islice

from simulator.loadtest.devices import item_of, names_of, path_of, request_of
from simulator.loadtest.endpoint import Clients, timed
from simulator.loadtest.record import tagged
from simulator.loadtest.sample import Sample
from simulator.loadtest.scenario import Run, refuse_another_platform
from simulator.loadtest.world import LoadDevice, add_devices, make_clinics

CLINICS = 4
FIRST_RATE, MOST_RATE = 20.0, 2_000.0
STEP_SECONDS, PROOF_SECONDS = 10.0, 30.0
MOST_STEPS = 16
# Bisection ends where both ends are so close.
CLOSE_ENOUGH = 1.1
CONNECTIONS = 64
VALUE = 110
# Of a thousand answers one may be another than 201.
MOST_WRONG = 0.001


@dataclass(frozen=True, slots=True)
class Step:
    rate: float
    reached: float
    p99_ms: float
    created_share: float
    passed: bool
    sample: Sample


@dataclass(slots=True)
class RateRun:
    """``gap``: seconds before a device may post again. ``say`` tells each step."""

    url: str
    limit_ms: float
    gap: float
    say: Callable[[str], None]
    run: Run = field(default_factory=lambda: Run(make_clinics(CLINICS, patients=1)))
    steps: list[Step] = field(default_factory=list)
    _free: list[LoadDevice] = field(default_factory=list)
    _used: list[tuple[float, list[LoadDevice]]] = field(default_factory=list)

    def find(self) -> Step | None:
        """The highest step that passed, held for longer; None where not even the lowest did."""
        good, bad = 0.0, MOST_RATE * CLOSE_ENOUGH
        rate = FIRST_RATE
        while rate <= MOST_RATE and len(self.steps) < MOST_STEPS:
            if self.hold(rate, STEP_SECONDS).passed:
                good, rate = rate, rate * 2
            else:
                bad = rate
                break
        while good and bad / good > CLOSE_ENOUGH and len(self.steps) < MOST_STEPS:
            rate = (good + bad) / 2
            if rate <= MOST_RATE and self.hold(rate, STEP_SECONDS).passed:
                good = rate
            else:
                bad = rate
        while good and len(self.steps) < MOST_STEPS + 4:
            if (proof := self.hold(good, PROOF_SECONDS)).passed:
                return proof
            good /= CLOSE_ENOUGH
        return None

    def hold(self, rate: float, seconds: float) -> Step:
        posts = int(rate * seconds)
        # A device comes again when it may.
        devices = self._take(min(posts, math.ceil(rate * self.gap)))
        sample = Sample(f"posts at {rate:.0f}/s")
        asyncio.run(self._post_all(islice(cycle(devices), posts), rate, sample))
        self._used.append((time.monotonic(), devices))
        self.run.posts.seconds += sample.seconds
        self.run.posts.statuses += sample.statuses
        self.run.posts.errors += sample.errors
        self.run.posts.elapsed += sample.elapsed
        share = sample.statuses[201] / max(sample.total, 1)
        p99 = sample.percentile(99)
        reached = sample.statuses[201] / sample.elapsed
        # Who sends late measured itself, not the platform.
        passed = p99 < self.limit_ms and share >= 1 - MOST_WRONG and reached > 0.9 * rate
        self.steps.append(Step(rate, reached, p99, share, passed, sample))
        self.say(
            f"{rate:7.0f}/s for {seconds:g} s: {reached:.0f}/s acknowledged, p99 {p99:.0f} ms"
            f"{'' if share == 1 else f', {100 * (1 - share):.2f} % other answers'} - {'held' if passed else 'too much'}"
        )
        return self.steps[-1]

    def _take(self, count: int) -> list[LoadDevice]:
        """Of those that may post again, and new ones where these are too few; the clinics take turns."""
        now = time.monotonic()
        for at, devices in [entry for entry in self._used if now - entry[0] > self.gap]:
            self._free += devices
            self._used.remove((at, devices))
        if (missing := count - len(self._free)) > 0:
            each = -(-missing // CLINICS)
            for clinic in self.run.clinics:
                add_devices(clinic, each)
            fresh = [clinic.devices[-each:] for clinic in self.run.clinics]
            self._free += [device for turn in zip(*fresh, strict=True) for device in turn]
        taken, self._free = self._free[:count], self._free[count:]
        return taken

    async def _post_all(self, devices: Iterable[LoadDevice], rate: float, sample: Sample) -> None:
        async with Clients(self.url, connections=CONNECTIONS) as client:
            if not self.steps:
                await refuse_another_platform(client, self.run.clinics[0])
            begun = time.perf_counter()

            async def post(device: LoadDevice, due: float) -> None:
                instant, wearer = tagged(datetime.now(UTC), device.clinic), (device.clinic, device.number)
                self.run.record.posted[wearer][instant] = VALUE
                request = request_of(device, {**names_of(device), **item_of(instant, VALUE)})
                # From when it was due: a server that is slow must not slow down those who measure it.
                answer = await timed(client, sample, "POST", path_of(device), since=due, **request)
                if answer is not None and answer.status_code == 201:
                    self.run.record.acknowledged[wearer][instant] = VALUE

            async with asyncio.TaskGroup() as group:
                for number, device in enumerate(devices):
                    due = begun + number / rate
                    await asyncio.sleep(max(due - time.perf_counter(), 0))
                    group.create_task(post(device, due))
            sample.elapsed = time.perf_counter() - begun
