"""Single posts: what a fleet of devices does all day."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from benchmarks import workloads
from benchmarks.bench import WARM_UP_SECONDS, Bench, Run
from benchmarks.devices import BenchmarkDevice, count_readings
from benchmarks.errors import BenchmarkError
from benchmarks.report import Figure, Target
from benchmarks.server import Server
from benchmarks.transactions import store_one_reading

BASELINE_CLIENTS = 16
BASELINE_DEVICES_PER_SECOND = 2_000
# Workers of the server, connections, and what the ratio should be.
RUNS = [
    (1, 16, Target(must=0.3, aim=0.4)),
    (1, 64, Target(must=0.5, aim=0.8, p99_ms=60)),
    (1, 128, Target(must=0.6, aim=1.0)),
    (2, 64, None),
]
WARM_UP_DEVICES_PER_SECOND = 2_500
# A device may post once in 30 seconds; the server may turn out faster than while it warmed up.
DEVICE_SECONDS = 30
HEADROOM = 2
FEWEST_DEVICES_PER_SECOND = 1_000
SETTLE_SECONDS = 0.5


def measure(bench: Bench) -> Iterator[Figure]:
    for workers, connections, target in RUNS:
        with bench.edge(workers=workers) as server:
            bench.say(f"  {connections} connections, {_workers(workers)}")
            yield _figure(bench, server, workers, connections, target)


def _figure(bench: Bench, server: Server, workers: int, connections: int, target: Target | None) -> Figure:
    baseline, baseline_details = store_rate(bench)
    devices = fresh_devices(bench, server, connections)
    name = f"posts-{connections}-{workers}"
    run = counted_posts(bench, server, devices, connections=connections, name=name)
    return Figure(
        f"single posts, {connections} connections, {_workers(workers)}", "posts/s", run.rate,
        f"store statements in pgbench, {BASELINE_CLIENTS} clients", baseline,
        {**run.details, "posts": run.count, **baseline_details}, target,
    )  # fmt: skip


def store_rate(bench: Bench) -> tuple[float, dict[str, float]]:
    devices = bench.fleet.make_devices(math.ceil(BASELINE_DEVICES_PER_SECOND * bench.seconds))
    return bench.pgbench(store_one_reading(bench.fleet, devices), clients=BASELINE_CLIENTS)


def fresh_devices(bench: Bench, server: Server, connections: int, *, runs: float = 1) -> list[BenchmarkDevice]:
    """Enough for a run of which each device posts once, judged by a warm-up."""
    return bench.fleet.make_devices(devices_needed(warm_up_rate(bench, server, connections), runs * bench.seconds))


def warm_up_rate(bench: Bench, server: Server, connections: int) -> float:
    devices = bench.fleet.make_devices(math.ceil(WARM_UP_DEVICES_PER_SECOND * min(WARM_UP_SECONDS, bench.seconds)))
    return bench.warm_up(server, workloads.posts(devices), connections=connections).rate(201)


def counted_posts(
    bench: Bench,
    server: Server,
    devices: Sequence[BenchmarkDevice],
    *,
    connections: int,
    name: str,
    seconds: float | None = None,
) -> Run:
    """Raises BenchmarkError where the table does not hold what was acknowledged."""
    recent = datetime.now(UTC) - timedelta(minutes=1)
    before = _settled_count(recent)
    run = bench.load(server, workloads.posts(devices), connections=connections, name=name, seconds=seconds)
    stored = _settled_count(recent) - before
    # One more is sent to see that posts are answered as they should; the others were under way at the end: answers that
    # nobody read any more, and posts behind them on connections that wrk had opened again.
    if not run.count <= stored <= run.count + 2 * connections + 1:
        raise BenchmarkError(f"{run.count} posts were answered with 201, but {stored} readings are stored.")
    return run


def _settled_count(since: datetime) -> int:
    """wrk leaves posts behind that the server still stores."""
    found = -1
    while found != (found := count_readings(since)):
        time.sleep(SETTLE_SECONDS)
    return found


def devices_needed(rate: float, seconds: float) -> int:
    return math.ceil(max(rate * HEADROOM, FEWEST_DEVICES_PER_SECOND) * min(DEVICE_SECONDS, seconds))


def _workers(count: int) -> str:
    return "1 worker" if count == 1 else f"{count} workers"
