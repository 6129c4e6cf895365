"""90 days of one patient as every metric, the ambulatory profile and 90 daily profiles, asked over HTTP."""

from __future__ import annotations

import asyncio
import math
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
from django.core.cache import caches
from django.db import transaction

from benchmarks.bench import Bench, plain_connection
from benchmarks.devices import BenchmarkDevice
from benchmarks.errors import BenchmarkError
from benchmarks.load import Connection
from benchmarks.messages import get
from benchmarks.profiles import profile
from benchmarks.report import Figure, Target
from benchmarks.server import Server
from readings.rows import ReadingRow
from readings.services import store_readings
from readings.summaries import summarise_dirty_days
from tenancy.scope import scoped

DAYS = 90
ROWS = DAYS * 288
AT_ONCE = 2_000
LEAST_ANSWERS = 10
FETCH = """
SELECT measured_at, glucose, unit, range_flag
  FROM readings_glucosereading
 WHERE organization_id = %(organization)s AND patient_id = %(patient)s AND measured_at >= %(since)s AND NOT is_copy
 ORDER BY measured_at
"""


def measure(bench: Bench) -> Figure:
    # Whole days, as the period has them.
    since = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    (device,) = bench.clinic.make_devices(1)
    _fill(bench, device, since)
    (token,) = bench.clinic.access_tokens(1)
    with bench.edge() as server, profile(server.pid, bench.profiles, "results"):
        path = f"/api/v1/users/{device.patient_code}/analytics/agp?period={DAYS}d"
        cold = asyncio.run(_over_http(bench, server, path, token, caches["results"].clear))
        kept = asyncio.run(_over_http(bench, server, path, token, lambda: None))
    baseline = _from_database(bench, device, since)
    ours = statistics.median(cold)
    return Figure(
        f"all metrics, AGP and daily profiles of {DAYS} days ({ROWS:,} rows) over HTTP", "answers/s", 1 / ours,
        "fetching the rows with psycopg", 1 / baseline,
        {
            "p50 ms": round(1000 * ours, 1),
            "p95 ms": round(1000 * statistics.quantiles(cold, n=20)[-1], 1),
            "ms where it is kept": round(1000 * statistics.median(kept), 1),
        },
        Target(must=0.3, aim=0.5),
    )  # fmt: skip


def _fill(bench: Bench, device: BenchmarkDevice, since: datetime) -> None:
    rows = [
        ReadingRow(device.id, since + timedelta(minutes=5 * step), round(140 + 70 * math.sin(step / 30) + step % 17))
        for step in range(ROWS)
    ]
    with scoped(bench.clinic.scope):
        for first in range(0, ROWS, AT_ONCE):
            with transaction.atomic():
                store_readings(rows=rows[first : first + AT_ONCE])
        summarise_dirty_days(limit=None)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE readings_glucosereading, readings_daysummary, readings_dirtyday")


async def _over_http(
    bench: Bench, server: Server, path: str, token: str, before_each: Callable[[], object]
) -> list[float]:
    """Seconds of each answer, one after the other; the first ones warm up."""
    connection = await Connection.open(server.port)
    times: list[float] = []
    deadline = time.perf_counter() + bench.seconds
    try:
        while len(times) < LEAST_ANSWERS or time.perf_counter() < deadline:
            before_each()
            begun = time.perf_counter()
            status, body = await connection.exchange(get(path, token))
            times.append(time.perf_counter() - begun)
            if status != 200 or f'"readings":{ROWS}'.encode() not in body:
                raise BenchmarkError(f"The profile answered {status}: {body[:300]!r}")
    finally:
        connection.close()
    return times[2:]


def _from_database(bench: Bench, device: BenchmarkDevice, since: datetime) -> float:
    """The median time, in seconds."""
    asked = {"organization": bench.clinic.organization_id, "patient": device.patient_id, "since": since}
    times: list[float] = []
    with plain_connection() as plain:
        deadline = time.perf_counter() + bench.seconds
        while len(times) < LEAST_ANSWERS or time.perf_counter() < deadline:
            begun = time.perf_counter()
            with plain.transaction():
                bench.enter_scope(plain)
                rows = len(plain.execute(FETCH.encode(), asked).fetchall())
            times.append(time.perf_counter() - begun)
            if rows != ROWS:
                raise BenchmarkError(f"The table has {rows} rows instead of {ROWS}.")
    return statistics.median(times)
