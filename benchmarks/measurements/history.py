"""14 days of one patient, every reading of them."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from urllib.parse import urlencode

import msgspec
from django.db import transaction

from benchmarks.bench import Bench, plain_connection
from benchmarks.devices import BenchmarkDevice
from benchmarks.errors import BenchmarkError
from benchmarks.load import Connection
from benchmarks.messages import get
from benchmarks.profiles import profile
from benchmarks.report import Figure, Target
from benchmarks.server import Server
from benchmarks.transactions import posted_row
from readings.services import store_readings
from tenancy.scope import scoped

ROWS = 4_032
PAGE = 5_000
PEOPLE = 50
FETCH = """
SELECT measured_at, device_id, glucose, unit, range_flag, quality, trend, rate, confidence, battery_level, sensor_data,
       received_at
  FROM readings_glucosereading
 WHERE organization_id = %(organization)s AND patient_id = %(patient)s AND measured_at >= %(since)s AND NOT is_copy
 ORDER BY measured_at DESC, device_id DESC
"""


class Page(msgspec.Struct):
    """Items are counted and not read: this client's time is part of the answer's."""

    items: list[msgspec.Raw]
    next: str | None


def measure(bench: Bench) -> Figure:
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(days=14)
    (device,) = bench.clinic.make_devices(1)
    instants = [since + timedelta(minutes=5 * position) for position in range(ROWS)]
    with scoped(bench.clinic.scope), transaction.atomic():
        store_readings(rows=[posted_row(device, instant) for instant in instants])
    tokens = cycle(bench.clinic.access_tokens(PEOPLE))
    with bench.edge() as server, profile(server.pid, bench.profiles, "history"):
        ours = asyncio.run(_over_http(bench, server, device, since, tokens))
    baseline = _from_database(bench, device, since)
    return Figure(
        f"14 days of history raw, {ROWS:,} rows as JSON in one answer", "rows/s", ROWS / ours,
        "fetching the rows with psycopg", ROWS / baseline,
        {"ms for 14 days": round(1000 * ours, 1)},
        Target(must=0.4, aim=0.6),
    )  # fmt: skip


async def _over_http(
    bench: Bench, server: Server, device: BenchmarkDevice, since: datetime, tokens: Iterator[str]
) -> float:
    """The median time, in seconds."""
    connection = await Connection.open(server.port)
    times: list[float] = []
    deadline = time.perf_counter() + bench.seconds
    try:
        while not times or time.perf_counter() < deadline:
            begun = time.perf_counter()
            await _whole_history(connection, device, since, next(tokens))
            times.append(time.perf_counter() - begun)
    finally:
        connection.close()
    return statistics.median(times)


async def _whole_history(connection: Connection, device: BenchmarkDevice, since: datetime, token: str) -> None:
    query = {"since": since.isoformat(), "limit": str(PAGE)}
    rows = 0
    while True:
        path = f"/api/v1/users/{device.patient_code}/glucose/history?{urlencode(query)}"
        status, body = await connection.exchange(get(path, token))
        if status != 200:
            raise BenchmarkError(f"The history answered {status}: {body[:200]!r}")
        page = msgspec.json.decode(body, type=Page)
        rows += len(page.items)
        if page.next is None:
            break
        query["cursor"] = page.next
    if rows != ROWS:
        raise BenchmarkError(f"The history has {rows} rows instead of {ROWS}.")


def _from_database(bench: Bench, device: BenchmarkDevice, since: datetime) -> float:
    """The median time, in seconds."""
    parameters = {"organization": bench.clinic.organization_id, "patient": device.patient_id, "since": since}
    with plain_connection() as plain:

        def fetch() -> int:
            with plain.transaction():
                bench.enter_scope(plain)
                return len(plain.execute(FETCH, parameters).fetchall())

        if (rows := fetch()) != ROWS:
            raise BenchmarkError(f"The table has {rows} rows instead of {ROWS}.")
        return _median_seconds(fetch, bench.seconds)


def _median_seconds(work: Callable[[], object], seconds: float) -> float:
    times: list[float] = []
    deadline = time.perf_counter() + seconds
    while not times or time.perf_counter() < deadline:
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)
