"""Runs a simulation: first the past, then one record after the other at the rate that was asked for."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from simulator.fleet.counting import Tally
from simulator.fleet.device import VirtualDevice
from simulator.fleet.items import Measured
from simulator.fleet.plan import BATCH_SECONDS, Clock, SimulationPlan, What
from simulator.fleet.ways import Wait, Way
from simulator.traces import Traces, Wearer
from simulator.vitals import Values, Walk, in_phase, phase_of

HEARTBEAT_SECONDS = 60.0
PIECE = timedelta(days=1)
# A day of vital signs in the past: one record every 5 minutes, as with glucose.
PAST_STEP = timedelta(minutes=5)


@dataclass(slots=True)
class Member:
    device: VirtualDevice
    wearer: Wearer
    walk: Walk
    chance: np.random.Generator
    posted: float = 0.0
    heard: float = -HEARTBEAT_SECONDS


class Simulation:
    """``show`` is called after each record, ``wait`` takes seconds and answers whether to stop."""

    def __init__(
        self,
        plan: SimulationPlan,
        devices: list[tuple[VirtualDevice, Wearer]],
        way: Way,
        *,
        wait: Wait,
        show: Callable[[Simulation], None],
    ) -> None:
        self.plan, self.tally = plan, Tally()
        self.members = [
            Member(device, wearer, Walk(device.seed), np.random.default_rng([device.seed, 40]))
            for device, wearer in devices
        ]
        self.now = datetime.now(tz=UTC)
        self.elapsed, self.phase_text = 0.0, ""
        self._way, self._wait, self._show = way, wait, show
        self._traces = Traces()
        self._prepared: datetime | None = None

    @property
    def offline(self) -> int:
        return sum(member.device.is_offline(self.now) for member in self.members)

    def run(self) -> Tally:
        wall = datetime.now(tz=UTC)
        if self.plan.backfills and self._fill_past(wall):
            return self.tally
        self._run_live()
        return self.tally

    def _fill_past(self, until: datetime) -> bool:
        """Whether it was stopped meanwhile."""
        self.phase_text = "the past"
        begin = self.plan.begin(until)
        while begin < until:
            end = min(begin + PIECE, until)
            self._traces.prepare([member.wearer for member in self.members], begin, end)
            for member in self.members:
                self.now = end
                self._send(member, list(self._past(member, begin, end)))
                self._show(self)
                if self._wait(0):
                    return True
            self._traces.forget()
            begin = end
        return False

    def _past(self, member: Member, begin: datetime, end: datetime) -> Iterator[Measured]:
        levels: dict[int, float] = {}
        if self.plan.what is not What.VITALS:
            made = self._traces.trace(member.wearer, begin, end)
            levels = dict(zip(made.seconds.tolist(), made.levels.tolist(), strict=True))
        if self.plan.what is What.GLUCOSE:
            for second, level in levels.items():
                yield Measured(datetime.fromtimestamp(second, tz=UTC), level, {})
            return
        for second in sorted(levels) or _steps(begin, end):
            yield Measured(datetime.fromtimestamp(second, tz=UTC), levels.get(second), member.walk.next())

    def _run_live(self) -> None:
        self.phase_text = "live"
        wall = datetime.now(tz=UTC)
        clock = Clock(self.plan, wall=wall)
        self.now = clock.now(wall)
        self._prepare_day()
        wall, started = datetime.now(tz=UTC), time.monotonic()
        for number in itertools.count():
            due = number / self.plan.rate
            if self.plan.duration and due >= self.plan.duration:
                break
            if self._wait(max(0.0, started + due - time.monotonic())):
                break
            self.elapsed = time.monotonic() - started
            # By when it was due: after a delay several come at once, and were measured one after the other.
            self.now = clock.now(wall + timedelta(seconds=due))
            self._prepare_day()
            self._record(number % self.plan.patients)
            self._show(self)
        for member in self.members:
            self._send(member, member.device.take(self.now))
        self.elapsed = time.monotonic() - started
        self._show(self)

    def _prepare_day(self) -> None:
        """Of all people at once: one after the other they would take as long each."""
        hour = self.now.replace(minute=0, second=0, microsecond=0)
        if self.plan.what is What.VITALS or hour == self._prepared:
            return
        self._prepared = hour
        self._traces.prepare([member.wearer for member in self.members], hour, hour + timedelta(hours=1))

    def _record(self, place: int) -> None:
        member = self.members[place]
        member.device.measure(Measured(self.now, self._glucose(member), self._vitals(place, member)))
        self.tally.records += 1
        if self.plan.single or self.elapsed - member.posted >= BATCH_SECONDS:
            member.posted = self.elapsed
            self._send(member, member.device.take(self.now))
        if self.elapsed - member.heard >= HEARTBEAT_SECONDS and not member.device.is_offline(self.now):
            member.heard = self.elapsed
            self._way.heartbeat(member.device, self.now, self.tally)

    def _send(self, member: Member, measured: list[Measured]) -> None:
        if measured:
            self._way.send(member.device, measured, self.tally)

    def _glucose(self, member: Member) -> float | None:
        if self.plan.what is What.VITALS:
            return None
        levels = self._traces.at(member.wearer, np.array([int(self.now.timestamp())], dtype=np.int64)).levels
        return float(levels[0]) if levels.size else None

    def _vitals(self, place: int, member: Member) -> Values:
        if self.plan.what is What.GLUCOSE:
            return {}
        if self.plan.phased:
            return in_phase(phase_of(place, self.plan.patients, self.elapsed), member.chance)
        return member.walk.next()


def _steps(begin: datetime, end: datetime) -> range:
    return range(int(begin.timestamp()), int(end.timestamp()), int(PAST_STEP.total_seconds()))
