"""Bringing in older readings from a file."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.management import call_command

from benchmarks.bench import Bench, plain_connection
from benchmarks.devices import count_readings
from benchmarks.errors import BenchmarkError
from benchmarks.report import Figure
from benchmarks.rows import INSERT_VALUES
from readings.rows import ReadingRow

PATIENTS = 10
PIECE = 1_000


def measure(bench: Bench) -> Figure:
    before = count_readings()
    file = bench.directory / "readings.csv"
    _write(file, bench.import_rows)
    begun = time.perf_counter()
    call_command(
        "import_readings", file, "--organization=benchmark", "--patient-column=subject", "--create-patients",
        stdout=io.StringIO(),
    )  # fmt: skip
    ours = bench.import_rows / (time.perf_counter() - begun)
    stored = count_readings() - before
    if stored != bench.import_rows:
        raise BenchmarkError(f"The file has {bench.import_rows} rows, but {stored} readings are stored.")
    return Figure(
        f"import_readings of {bench.import_rows:,} rows", "rows/s", ours,
        f"executemany of as many, {PIECE:,} in a transaction", _executemany_rate(bench),
    )  # fmt: skip


def _write(file: Path, rows: int) -> None:
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["subject", "time", "glucose"])
        for position, instant in _instants(rows):
            writer.writerow([f"import_{position % PATIENTS}", instant.isoformat(), 70 + position % 200])


def _instants(rows: int) -> Iterator[tuple[int, datetime]]:
    """Five minutes apart for each patient, up to yesterday."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1, minutes=5 * (rows // PATIENTS))
    for position in range(rows):
        yield position, start + timedelta(minutes=5 * (position // PATIENTS))


def _executemany_rate(bench: Bench) -> float:
    devices = bench.clinic.make_devices(PATIENTS)
    rows = [
        ReadingRow(devices[position % PATIENTS].id, instant, 70 + position % 200)
        for position, instant in _instants(bench.import_rows)
    ]
    organization = bench.clinic.organization_id
    begun = time.perf_counter()
    with plain_connection() as plain, plain.cursor() as cursor:
        for first in range(0, len(rows), PIECE):
            with plain.transaction():
                bench.enter_scope(plain)
                cursor.executemany(
                    INSERT_VALUES,
                    [
                        (organization, row.device_id, row.measured_at, row.device_id, row.glucose)
                        for row in rows[first : first + PIECE]
                    ],
                )
    return len(rows) / (time.perf_counter() - begun)
