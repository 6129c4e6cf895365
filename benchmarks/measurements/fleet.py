"""A fleet that reports once a minute beside devices that post readings, and how many heartbeats there could be."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from benchmarks.bench import WARM_UP_SECONDS, Bench
from benchmarks.devices import BenchmarkDevice
from benchmarks.errors import BenchmarkError
from benchmarks.installation import service_pids
from benchmarks.load import Connection, drive
from benchmarks.messages import post_heartbeat, post_reading
from benchmarks.processes import processor_time
from benchmarks.report import Figure, Target
from benchmarks.server import Server
from benchmarks.transactions import hear_one_heartbeat

DEVICES, HEARTBEATS, READINGS, SECONDS = 10_000, 167, 200, 60
QUICK_DEVICES, QUICK_SECONDS = 600, 3
# As of a fleet, of which no device waits for another one's answer.
SENDERS = 256
CONNECTIONS = 64
HEARTBEAT, READING = "heartbeat", "reading"
EXPECTED = {HEARTBEAT: 200, READING: 201}


@dataclass(slots=True)
class Paced:
    """Seconds from when each should have been sent to its answer: what waits for its turn counts as well."""

    took: dict[str, list[float]] = field(default_factory=lambda: {HEARTBEAT: [], READING: []})
    seconds: float = 0.0

    def milliseconds(self, kind: str, percent: int) -> float:
        ordered = sorted(self.took[kind])
        return round(1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 1)


def measure(bench: Bench) -> Iterator[Figure]:
    is_full = bench.seconds > 1
    count, seconds = (DEVICES, SECONDS) if is_full else (QUICK_DEVICES, QUICK_SECONDS)
    fleet = bench.fleet.make_devices(count)
    with bench.edge() as server:
        bench.say(f"  {count:,} devices, {HEARTBEATS} heartbeats/s beside {READINGS} readings/s")
        # A fleet has been there before: its rows are made, its plans too.
        _as_fast_as_it_can(bench, server, fleet, seconds=min(WARM_UP_SECONDS, bench.seconds))
        _warm_up_readings(bench, server)
        yield _paced(bench, server, fleet, seconds)
        bench.say(f"  {CONNECTIONS} connections")
        yield _at_most(bench, server, fleet)


def _paced(bench: Bench, server: Server, fleet: Sequence[BenchmarkDevice], seconds: int) -> Figure:
    readers = bench.fleet.make_devices(READINGS * seconds)
    with processor_time({"web": server.pid, **service_pids()}) as spent:
        found = asyncio.run(_send_at_rate(server.port, fleet, readers, seconds))
    details = {f"{kind} p{percent} ms": found.milliseconds(kind, percent) for kind in EXPECTED for percent in (50, 99)}
    details["p99 ms"] = max(found.milliseconds(kind, 99) for kind in EXPECTED)
    sent = len(found.took[HEARTBEAT])
    details |= spent.each(sum(map(len, found.took.values())))
    return Figure(
        f"heartbeats of {len(fleet):,} devices beside {READINGS} readings/s", "heartbeats/s", sent / found.seconds,
        "the rate they were sent at", HEARTBEATS,
        {**details, "heartbeats": sent, "readings": len(found.took[READING])}, Target(must=0.95, aim=0.99, p99_ms=180),
    )  # fmt: skip


def _at_most(bench: Bench, server: Server, fleet: list[BenchmarkDevice]) -> Figure:
    baseline, details = bench.pgbench(hear_one_heartbeat(bench.fleet, fleet), clients=16)
    rate, p99 = _as_fast_as_it_can(bench, server, fleet, seconds=bench.seconds)
    return Figure(
        f"heartbeats, {CONNECTIONS} connections", "heartbeats/s", rate,
        "the same statements in pgbench, 16 clients", baseline, {"p99 ms": p99, **details}, Target(must=0.4, aim=0.8),
    )  # fmt: skip


def _as_fast_as_it_can(
    bench: Bench, server: Server, fleet: Sequence[BenchmarkDevice], *, seconds: float
) -> tuple[float, float]:
    load = drive(server.port, map(post_heartbeat, cycle(fleet)), connections=CONNECTIONS, seconds=seconds)
    if set(load.statuses) != {200}:
        raise BenchmarkError(f"Heartbeats were answered with {dict(load.statuses)}.")
    return load.rate(200), round(load.milliseconds(99), 1)


def _warm_up_readings(bench: Bench, server: Server) -> None:
    devices = bench.fleet.make_devices(200)
    requests = (post_reading(one.code, one.patient_code, one.key) for one in devices)
    asyncio.run(_exchange_all(server.port, list(requests)))


async def _exchange_all(port: int, requests: Sequence[bytes]) -> None:
    connection = await Connection.open(port)
    for request in requests:
        await connection.exchange(request)
    connection.close()


async def _send_at_rate(
    port: int, fleet: Sequence[BenchmarkDevice], readers: Sequence[BenchmarkDevice], seconds: int
) -> Paced:
    found, begun = Paced(), time.perf_counter() + 0.2
    beats = (
        (begun + n / HEARTBEATS, HEARTBEAT, one)
        for n, one in zip(range(HEARTBEATS * seconds), cycle(fleet), strict=False)
    )
    posts = ((begun + n / READINGS, READING, one) for n, one in enumerate(readers[: READINGS * seconds]))
    due = iter(heapq.merge(beats, posts, key=lambda item: item[0]))
    await asyncio.gather(*(_sender(port, due, found) for _ in range(SENDERS)))
    found.seconds = time.perf_counter() - begun
    return found


async def _sender(port: int, due: Iterator[tuple[float, str, BenchmarkDevice]], found: Paced) -> None:
    """Senders share what is due: none waits while another one has nothing to do."""
    connection = await Connection.open(port)
    for at, kind, device in due:
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        request = (
            post_heartbeat(device) if kind == HEARTBEAT else post_reading(device.code, device.patient_code, device.key)
        )
        status, body = await connection.exchange(request)
        if status != EXPECTED[kind]:
            raise BenchmarkError(f"A {kind} was answered with {status}: {body[:200]!r}")
        found.took[kind].append(time.perf_counter() - at)
    connection.close()
