"""The same work beside a small and a large table of readings."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from benchmarks.bench import Bench, Run
from benchmarks.devices import BenchmarkDevice, count_readings
from benchmarks.errors import BenchmarkError
from benchmarks.installation import superuser_connection
from benchmarks.measurements.current import reads
from benchmarks.measurements.posts import counted_posts, fresh_devices, warm_up_rate
from benchmarks.report import Figure, Target

CONNECTIONS = 64
SMALL = 100_000
MONTHS = 12
MONTH = timedelta(days=30)
# With its index, and the log of writing it.
BYTES_OF_ROW = 450
# The readings of the last day are those that are posted.
FILL = """
INSERT INTO readings_glucosereading (organization_id, patient_id, measured_at, device_id, glucose, unit, range_flag,
            quality, confidence, battery_level, is_copy, received_at)
SELECT organization_id, id, %(begin)s + number * %(step)s, id, 70 + (id + number) %% 200, 1, 0, 2, 0.95, 80, false,
       %(begin)s + number * %(step)s
  FROM devices_device CROSS JOIN generate_series(0, %(each)s - 1) AS number
 WHERE id BETWEEN %(first)s AND %(last)s
 ORDER BY organization_id, id, number
"""
COMPARED = ("p99 ms", "PostgreSQL CPU ms")
TARGET = Target(must=0.85, aim=0.95)


def measure(bench: Bench) -> Iterator[Figure]:
    _insist_on_room(bench)
    people = bench.fleet.access_tokens(bench.people)
    with bench.edge() as server:
        # Half for each table: a device may post once in 30 seconds.
        devices = fresh_devices(bench, server, CONNECTIONS, runs=2)
    half = len(devices) // 2
    with superuser_connection() as plain:
        plain.execute("TRUNCATE readings_glucosereading, readings_dirtyday CASCADE")
    found = []
    for rows, posting in ((SMALL, devices[:half]), (bench.table_rows, devices[half:])):
        _fill(bench, devices, rows)
        found.append(_both(bench, posting, people, rows))
    for place, work, unit in ((0, "single posts", "posts/s"), (1, "current value", "reads/s")):
        small, large = found[0][place], found[1][place]
        before = {f"baseline {name}": small.details[name] for name in COMPARED if name in small.details}
        yield Figure(
            f"{work}, {CONNECTIONS} connections, {bench.table_rows:,} rows in the table", unit, large.rate,
            f"{SMALL:,} rows", small.rate,
            {**large.details, **before}, TARGET,
        )  # fmt: skip


def _both(
    bench: Bench, devices: Sequence[BenchmarkDevice], people: Sequence[tuple[int, str]], rows: int
) -> tuple[Run, Run]:
    bench.say(f"  measuring beside {rows:,} rows")
    with bench.edge() as server:
        warm_up_rate(bench, server, CONNECTIONS)
        posts = counted_posts(bench, server, devices, connections=CONNECTIONS, name=f"growth-posts-{rows}")
        work = reads(devices[: len(people)], people, 1)
        for _ in range(2):
            bench.warm_up(server, work, connections=CONNECTIONS)
        return posts, bench.load(server, work, connections=CONNECTIONS, name=f"growth-current-{rows}")


def _fill(bench: Bench, devices: Sequence[BenchmarkDevice], rows: int) -> None:
    """Up to ``rows``, over the last twelve months of these devices."""
    missing = max(0, rows - count_readings()) // MONTHS
    each = max(1, math.ceil(missing / len(devices)))
    last = devices[min(len(devices), missing // each) - 1].id if missing else devices[0].id
    with superuser_connection() as plain:
        # The keys to device and patient are right, and looking each up would take most of the time.
        plain.execute("SET session_replication_role = replica")
        end = datetime.now(UTC) - timedelta(days=1)
        for month in range(MONTHS) if missing else []:
            parameters = {
                "begin": end - (month + 1) * MONTH, "step": MONTH / each, "each": each,
                "first": devices[0].id, "last": last,
            }  # fmt: skip
            plain.execute(FILL, parameters)
            bench.say(f"  filling the table with {rows:,} rows: {month + 1} of {MONTHS} months")
        plain.execute("VACUUM ANALYZE readings_glucosereading")
        plain.execute("CHECKPOINT")
    if (found := count_readings()) < 0.99 * rows:
        raise BenchmarkError(f"The table should have {rows:,} rows and has {found:,}.")


def _insist_on_room(bench: Bench) -> None:
    needed, free = bench.table_rows * BYTES_OF_ROW, shutil.disk_usage(bench.directory).free
    if needed > free:
        raise BenchmarkError(
            f"{bench.table_rows:,} rows need {needed / 1e9:.0f} GB, {free / 1e9:.0f} GB are free: give fewer --rows."
        )
