"""Single posts: what a fleet of devices does all day."""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmarks import load, pgbench
from benchmarks.bench import Bench
from benchmarks.clinic import BenchmarkDevice
from benchmarks.errors import BenchmarkError
from benchmarks.messages import post_reading
from benchmarks.report import Figure
from benchmarks.transactions import store_one_reading

FIRST_DEVICES = 8_000
WARM_UP_SECONDS = 2.0
# A device may post once in 30 seconds; the server may turn out faster than while it warmed up.
DEVICE_SECONDS = 30
HEADROOM = 2


def measure(bench: Bench) -> Figure:
    devices = bench.clinic.make_devices(FIRST_DEVICES)
    transaction = store_one_reading(bench.clinic, devices)
    baseline = pgbench.transactions_per_second(
        transaction, clients=bench.connections, seconds=bench.seconds, directory=bench.directory
    )
    warm_up = _post(bench, devices, min(WARM_UP_SECONDS, bench.seconds))
    devices = bench.clinic.make_devices(_devices_needed(warm_up.rate(201), bench))
    before = bench.clinic.count_readings()
    answers = _post(bench, devices, bench.seconds)
    rate = answers.rate(201)
    stored = bench.clinic.count_readings() - before
    if stored != answers.statuses[201]:
        raise BenchmarkError(f"{answers.statuses[201]} posts were answered with 201, but {stored} readings are stored.")
    return Figure(
        f"single posts, {bench.connections} connections", "posts/s", rate,
        f"store statements in pgbench, {bench.connections} clients", baseline,
        {"p50 ms": round(answers.milliseconds(50), 1), "p99 ms": round(answers.milliseconds(99), 1), "posts": stored},
    )  # fmt: skip


def _devices_needed(rate: float, bench: Bench) -> int:
    return max(FIRST_DEVICES, math.ceil(rate * HEADROOM * min(DEVICE_SECONDS, bench.seconds)))


def _post(bench: Bench, devices: list[BenchmarkDevice], seconds: float) -> load.Load:
    return load.drive(bench.port, _posts(devices), connections=bench.connections, seconds=seconds)


def _posts(devices: list[BenchmarkDevice]) -> Iterator[bytes]:
    while True:
        yield from map(post_reading, devices)
