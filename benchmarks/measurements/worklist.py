"""The worklist of a clinic of ten thousand patients, computed at each call from their last 28 days."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Callable

import psycopg
from django.utils import timezone

from benchmarks.bench import Bench, plain_connection
from benchmarks.errors import BenchmarkError
from benchmarks.load import Connection
from benchmarks.messages import get
from benchmarks.profiles import profile
from benchmarks.report import Figure, Target
from benchmarks.server import Server
from reports.worklist.following import REFRESH
from reports.worklist.loading import CARE, MEASURED_SINCE, NEWEST, PATIENTS, RECENT_DAYS, question
from tenancy.scope import scoped

MANY, FEW = 10_000, 500
LEAST_ANSWERS = 40
# 288 readings a day, of each patient another share of lows and highs.
SUMMARIES = """
INSERT INTO readings_daysummary (organization_id, patient_id, day, timezone, starts_at, ends_at, count,
            below_sensor_range, above_sensor_range, very_low, low, in_range, high, very_high, total, squares, minimum,
            maximum, histogram_from, histogram, hour_counts, hour_totals, hour_minima, hour_maxima, summarised_at)
SELECT patient.organization_id, patient.id, day, 'UTC', day, day + 1, 288, 0, 0, lows / 4, lows, 288 - lows - lows / 4 -
       highs - highs / 3, highs, highs / 3, 288 * 150, 288 * 150 * 150, 45, 320, 8, array_fill(5, ARRAY[56]),
       array_fill(12, ARRAY[24]), array_fill(1800::bigint, ARRAY[24]), array_fill(90::smallint, ARRAY[24]),
       array_fill(220::smallint, ARRAY[24]), now()
  FROM patients_patient patient
 CROSS JOIN LATERAL (SELECT (patient.id * 7 %% 60)::integer AS lows, (patient.id * 13 %% 140)::integer AS highs) share
 CROSS JOIN LATERAL (SELECT now()::date - ago AS day FROM generate_series(0, 27) AS ago) days
 WHERE patient.id = ANY(%(patients)s)
"""
STATES = """
INSERT INTO readings_patientstate (organization_id, patient_id, device_id, measured_at, glucose, unit, range_flag,
            quality, trend, confidence, battery_level, received_at)
SELECT organization_id, id, id, now() - (id %% 3000) * interval '1 minute', 118, 1, 0, 2, 8, 0.95, 80, now()
  FROM patients_patient WHERE id = ANY(%(patients)s)
"""
# What a list would ask that had no row of recent days.
SUMMED = """
SELECT patient_id, sum(count), sum(very_low), sum(low), sum(high), sum(very_high), sum(below_63), sum(pregnancy_range)
  FROM readings_daysummary WHERE organization_id = %(organization_id)s AND day > now()::date - 28
 GROUP BY patient_id, day > now()::date - 14
"""


def measure(bench: Bench) -> Figure:
    count = MANY if bench.table_rows > 1_000_000 else FEW
    devices = bench.clinic.make_devices(count)
    bench.say(f"  28 days of {count:,} patients")
    _make_days([device.patient_id for device in devices], bench)
    tokens = bench.clinic.access_tokens(1)
    with bench.edge() as server, profile(server.pid, bench.profiles, "worklist"):
        times = asyncio.run(_over_http(bench, server, tokens[0]))
    figures, summed = _from_database(bench)
    return Figure(
        f"the worklist of {count:,} patients, the first 50 of them", "answers/s", 1 / statistics.median(times),
        "fetching its figures with psycopg", 1 / figures,
        {
            "p50 ms": round(1000 * statistics.median(times), 1),
            "p95 ms": round(1000 * statistics.quantiles(times, n=20)[-1], 1),
            "p99 ms": round(1000 * max(times), 1),
            "ms to sum the day summaries instead": round(1000 * summed, 1),
        },
        Target(must=0.2, aim=0.4),
    )  # fmt: skip


def _make_days(patients: list[int], bench: Bench) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        for statement in (SUMMARIES, STATES):
            owner.execute(statement.encode(), {"patients": patients})
        owner.execute("VACUUM ANALYZE readings_daysummary, readings_patientstate")
    with plain_connection() as plain, plain.transaction():
        bench.enter_scope(plain)
        plain.execute(REFRESH.encode(), {"organization_id": bench.clinic.organization_id, "patients": patients})
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE reports_recentdays")


async def _over_http(bench: Bench, server: Server, token: str) -> list[float]:
    """Seconds of each answer, one after the other; the first ones warm up."""
    connection = await Connection.open(server.port)
    times: list[float] = []
    try:
        for _ in range(3):
            await _ask(connection, token)
        deadline = time.perf_counter() + bench.seconds
        while len(times) < LEAST_ANSWERS or time.perf_counter() < deadline:
            begun = time.perf_counter()
            await _ask(connection, token)
            times.append(time.perf_counter() - begun)
    finally:
        connection.close()
    return times


async def _ask(connection: Connection, token: str) -> None:
    status, body = await connection.exchange(get("/api/v1/analytics/worklist", token))
    if status != 200:
        raise BenchmarkError(f"The worklist answered {status}: {body[:200]!r}")


def _from_database(bench: Bench) -> tuple[float, float]:
    """The median seconds of our statements, and of the one over the summaries themselves."""
    with scoped(bench.clinic.scope):
        parameters = question(timezone.now())
    with plain_connection() as plain:

        def fetch(*statements: str) -> None:
            with plain.transaction():
                bench.enter_scope(plain)
                for statement in statements:
                    plain.execute(statement.encode(), parameters, binary=True).fetchall()

        ours = _median_seconds(lambda: fetch(PATIENTS, RECENT_DAYS, NEWEST, CARE, MEASURED_SINCE), bench.seconds / 2)
        return ours, _median_seconds(lambda: fetch(SUMMED), bench.seconds / 2)


def _median_seconds(work: Callable[[], object], seconds: float) -> float:
    times: list[float] = []
    deadline = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < deadline:
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)
