"""What row-level security costs the store: the same rows as the app role and as the owner, whom no policy binds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

from benchmarks.bench import Bench, django_as_owner
from benchmarks.devices import BenchmarkDevice
from benchmarks.report import Figure
from benchmarks.transactions import posted_row
from readings.rows import ReadingRow
from readings.store import store_rows
from tenancy.scope import scoped

ROWS = 1_000
DEVICES = 100
PERIOD = timedelta(days=30)
# The two take turns, so that what else the machine does meets both.
TURNS = 4


def measure(bench: Bench) -> Figure:
    pieces = _pieces(bench.clinic.make_devices(DEVICES))
    times: dict[bool, list[float]] = {True: [], False: []}
    for protected in islice(cycle(times), 2 * TURNS):
        with nullcontext() if protected else django_as_owner():
            times[protected] += _store(bench, pieces, bench.seconds / (2 * TURNS))
    with_policies, without = (ROWS / statistics.median(times[protected]) for protected in (True, False))
    return Figure(
        f"store_rows() of {ROWS:,} rows with row-level security", "rows/s", with_policies,
        "the same without (owner)", without,
        {"runs": len(times[True])},
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
