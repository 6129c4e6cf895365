"""The current value, as a phone asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle

from django.db import transaction

from benchmarks import load, pgbench
from benchmarks.bench import Bench
from benchmarks.clinic import BenchmarkDevice
from benchmarks.messages import get
from benchmarks.report import Figure
from benchmarks.transactions import posted_row, read_current_state
from readings.services import store_readings
from tenancy.scope import scoped

PATIENTS = 1_000
# One person may read 600 times a minute: together they may read 2,000 times a second.
PEOPLE = 200
WARM_UP_SECONDS = 1.0


def measure(bench: Bench) -> Figure:
    devices = _with_a_value(bench)
    baseline = pgbench.transactions_per_second(
        read_current_state(bench.clinic, devices),
        clients=bench.connections, seconds=bench.seconds, directory=bench.directory,
    )  # fmt: skip
    requests = _requests(devices, bench.clinic.access_tokens(PEOPLE))
    load.drive(bench.port, requests, connections=bench.connections, seconds=min(WARM_UP_SECONDS, bench.seconds))
    answers = load.drive(bench.port, requests, connections=bench.connections, seconds=bench.seconds)
    return Figure(
        f"current value, Bearer token, {bench.connections} connections", "reads/s", answers.rate(200),
        f"SELECT of the state in pgbench, {bench.connections} clients", baseline,
        {"p50 ms": round(answers.milliseconds(50), 1), "p99 ms": round(answers.milliseconds(99), 1)},
    )  # fmt: skip


def _with_a_value(bench: Bench) -> list[BenchmarkDevice]:
    devices = bench.clinic.make_devices(PATIENTS)
    now = datetime.now(UTC)
    with scoped(bench.clinic.scope), transaction.atomic():
        store_readings(rows=[posted_row(device, now) for device in devices])
    return devices


def _requests(devices: list[BenchmarkDevice], tokens: list[str]) -> Iterator[bytes]:
    for device, token in zip(cycle(devices), cycle(tokens), strict=False):
        yield get(f"/api/v1/users/{device.patient_code}/glucose/current", token)
