"""Single posts: what a fleet of devices does all day."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks import pgbench, workloads
from benchmarks.answers import Answers
from benchmarks.bench import WARM_UP_SECONDS, Bench
from benchmarks.devices import BenchmarkDevice, count_readings
from benchmarks.errors import BenchmarkError
from benchmarks.processes import CoresUsed
from benchmarks.report import Figure, Target
from benchmarks.server import Server
from benchmarks.transactions import store_one_reading

BASELINE_CLIENTS = 16
BASELINE_DEVICES_PER_SECOND = 2_000
# Workers of the server, connections, and what the ratio should be.
RUNS = [
    (1, 16, Target(must=0.3, aim=0.4)),
    (1, 64, Target(must=0.5, aim=0.8)),
    (1, 128, Target(must=0.6, aim=1.0)),
    (2, 64, None),
]
FIRST_DEVICES_PER_SECOND = 2_500
# A device may post once in 30 seconds; the server may turn out faster than while it warmed up.
DEVICE_SECONDS = 30
HEADROOM = 1.5


def measure(bench: Bench) -> list[Figure]:
    figures = []
    for workers, connections, target in RUNS:
        with bench.edge(workers=workers) as server:
            bench.say(f"  {connections} connections, {_workers(workers)}")
            figures.append(_figure(bench, server, workers, connections, target))
    return figures


def _figure(bench: Bench, server: Server, workers: int, connections: int, target: Target | None) -> Figure:
    baseline = store_rate(bench)
    warm = bench.fleet.make_devices(math.ceil(FIRST_DEVICES_PER_SECOND * min(WARM_UP_SECONDS, bench.seconds)))
    warm_up = bench.warm_up(server, workloads.posts(warm), connections=connections)
    devices = bench.fleet.make_devices(devices_needed(warm_up.rate(201), bench.seconds))
    answers, cores, stored = counted_posts(bench, server, devices, connections, f"posts-{connections}-{workers}")
    return Figure(
        f"single posts, {connections} connections, {_workers(workers)}", "posts/s", answers.rate(201),
        f"store statements in pgbench, {BASELINE_CLIENTS} clients", baseline,
        {
            "p50 ms": round(answers.milliseconds(50), 1), "p99 ms": round(answers.milliseconds(99), 1),
            "posts": stored, **cores.details(),
        },
        target,
    )  # fmt: skip


def store_rate(bench: Bench) -> float:
    devices = bench.fleet.make_devices(math.ceil(BASELINE_DEVICES_PER_SECOND * bench.seconds))
    transaction = store_one_reading(bench.fleet, devices)
    return pgbench.transactions_per_second(
        transaction, clients=BASELINE_CLIENTS, seconds=bench.seconds, directory=bench.directory
    )


def counted_posts(
    bench: Bench, server: Server, devices: Sequence[BenchmarkDevice], connections: int, name: str
) -> tuple[Answers, CoresUsed, int]:
    """Raises BenchmarkError where the table does not hold what was acknowledged."""
    before = count_readings()
    answers, cores = bench.load(server, workloads.posts(devices), connections=connections, name=name)
    answers.refuse_other_than(201)
    acknowledged, stored = answers.statuses[201], count_readings() - before
    # One more is sent to see that posts are answered as they should; the others were under way at the end.
    if not acknowledged <= stored <= acknowledged + connections + 1:
        raise BenchmarkError(f"{acknowledged} posts were answered with 201, but {stored} readings are stored.")
    return answers, cores, stored


def devices_needed(rate: float, seconds: float) -> int:
    return math.ceil(rate * HEADROOM * min(DEVICE_SECONDS, seconds)) + 1_000


def _workers(count: int) -> str:
    return "1 worker" if count == 1 else f"{count} workers"
