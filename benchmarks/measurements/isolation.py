"""What row-level security costs: posts with the tables' policies and without, and the store alone as the owner."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

from benchmarks.bench import Bench, Run, django_as_owner
from benchmarks.devices import BenchmarkDevice
from benchmarks.installation import without_row_level_security
from benchmarks.measurements.posts import counted_posts, fresh_devices
from benchmarks.report import Figure, Target
from benchmarks.transactions import posted_row
from readings.rows import ReadingRow
from readings.store import store_rows
from tenancy.scope import scoped

ROWS = 1_000
DEVICES = 100
PERIOD = timedelta(days=30)
# The two take turns, so that what else the machine does meets both.
TURNS = 4
POST_TURNS = 6
CONNECTIONS = 64


def measure(bench: Bench) -> Iterator[Figure]:
    yield _posts(bench)
    yield _store_rows(bench)


def _posts(bench: Bench) -> Figure:
    seconds = max(1.0, bench.seconds / 2)
    runs: dict[bool, list[Run]] = {True: [], False: []}
    with bench.edge() as server:
        devices = fresh_devices(bench, server, CONNECTIONS, runs=POST_TURNS * seconds / bench.seconds)
        share = len(devices) // POST_TURNS
        for turn, protected in enumerate(islice(cycle(runs), POST_TURNS)):
            taken = devices[turn * share : (turn + 1) * share]
            with nullcontext() if protected else without_row_level_security():
                run = counted_posts(
                    bench, server, taken, connections=CONNECTIONS, name=f"isolation-{turn}", seconds=seconds
                )
            runs[protected].append(run)
    with_policies, without = (statistics.mean(run.rate for run in runs[protected]) for protected in (True, False))
    return Figure(
        f"single posts with row-level security, {CONNECTIONS} connections", "posts/s", with_policies,
        "the same with the policies of all tables switched off", without,
        {"p99 ms": runs[True][-1].details["p99 ms"]}, Target(must=0.90, aim=0.95),
    )  # fmt: skip


def _store_rows(bench: Bench) -> Figure:
    pieces = _pieces(bench.clinic.make_devices(DEVICES))
    times: dict[bool, list[float]] = {True: [], False: []}
    for protected in islice(cycle(times), 2 * TURNS):
        with nullcontext() if protected else django_as_owner():
            times[protected] += _store(bench, pieces, bench.seconds / (2 * TURNS))
    with_policies, without = (ROWS / statistics.median(times[protected]) for protected in (True, False))
    return Figure(
        f"store_rows() of {ROWS:,} rows with row-level security", "rows/s", with_policies,
        "the same without (owner)", without,
        {"runs": len(times[True])}, Target(must=0.90, aim=0.95),
    )  # fmt: skip


def _store(bench: Bench, pieces: Iterator[list[ReadingRow]], seconds: float) -> list[float]:
    times: list[float] = []
    with scoped(bench.clinic.scope):
        # A new connection reads the catalogue with its first statements.
        store_rows(next(pieces))
        deadline = time.perf_counter() + seconds
        while not times or time.perf_counter() < deadline:
            rows = next(pieces)
            begun = time.perf_counter()
            store_rows(rows)
            times.append(time.perf_counter() - begun)
    return times


def _pieces(devices: list[BenchmarkDevice]) -> Iterator[list[ReadingRow]]:
    """In the order of time, as readings arrive: each piece holds the newest ten of every device."""
    instant = datetime.now(UTC).replace(microsecond=0) - PERIOD
    while True:
        rows = []
        for _ in range(ROWS // len(devices)):
            instant += timedelta(seconds=30)
            rows += [posted_row(device, instant) for device in devices]
        yield rows
