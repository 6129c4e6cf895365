"""A day of readings in one request: a device after an offline spell."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from benchmarks import load
from benchmarks.bench import Bench, plain_connection
from benchmarks.devices import BenchmarkDevice, count_readings
from benchmarks.errors import BenchmarkError
from benchmarks.messages import post_batch
from benchmarks.profiles import profile
from benchmarks.report import Figure, Target
from benchmarks.rows import INSERT_UNNEST, columns
from benchmarks.transactions import posted_row

ROWS = 288
# 3,000 items in 5 minutes are taken from a device: each is used for ten batches at most.
DEVICES = 400
DAYS = 10


def measure(bench: Bench) -> Figure:
    requests = (post_batch(device, instants) for device, instants in _batches(bench.clinic.make_devices(DEVICES)))
    before = count_readings()
    with bench.edge() as server, profile(server.pid, bench.profiles, "batches"):
        answers = load.drive(server.port, requests, connections=1, seconds=bench.seconds)
    answers.refuse_other_than(200)
    stored = count_readings() - before
    if stored != answers.statuses[200] * ROWS:
        raise BenchmarkError(f"{answers.statuses[200]} batches of {ROWS} were answered, but {stored} rows are stored.")
    return Figure(
        # By the time of the answers alone: making a batch costs this client as much as a batch costs the database.
        f"batches of {ROWS} over HTTP, 1 connection", "rows/s", stored / sum(answers.latencies),
        "INSERT ... SELECT unnest of the same rows, 1 connection", _insert_rate(bench),
        {"p50 ms": round(answers.milliseconds(50), 1), "batches": answers.statuses[200]},
        Target(must=0.4, aim=0.6),
    )  # fmt: skip


def _batches(devices: list[BenchmarkDevice]) -> Iterator[tuple[BenchmarkDevice, list[datetime]]]:
    """Each row once: every device's day, then every device's day before."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(1, DAYS + 1):
        start = today - timedelta(days=day)
        for device in devices:
            yield device, [start + timedelta(minutes=5 * position) for position in range(ROWS)]


def _insert_rate(bench: Bench) -> float:
    batches = _batches(bench.clinic.make_devices(DEVICES))
    spent = 0.0
    done = 0
    with plain_connection() as plain:
        while spent < bench.seconds:
            device, instants = next(batches)
            sent = columns([posted_row(device, instant) for instant in instants])
            started = time.perf_counter()
            with plain.transaction():
                bench.enter_scope(plain)
                plain.execute(INSERT_UNNEST, {"organization": bench.clinic.organization_id, **sent})
            spent += time.perf_counter() - started
            done += 1
    return done * ROWS / spent
