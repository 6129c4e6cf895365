"""Transactions as the platform runs them, written as pgbench takes them: ``:device`` is the one variable."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
from django.db import connection

from benchmarks.clinic import BenchmarkClinic, BenchmarkDevice
from benchmarks.errors import BenchmarkError
from benchmarks.messages import reading_body
from readings.models import SignalQuality
from readings.rows import ReadingRow
from readings.store import store_rows
from tenancy.scope import scoped

# A device's patient has the same id.
VARIABLE = {
    "device_id": "ARRAY[:device]::bigint[]",
    "patient_id": "ARRAY[:device]::bigint[]",
    "patients": "ARRAY[:device]::bigint[]",
    "measured_at": "ARRAY[now()]",
}


@dataclass(frozen=True, slots=True)
class Transaction:
    """``statements`` run between BEGIN and COMMIT, for a device that is drawn anew each time."""

    statements: tuple[str, ...]
    first_device: int
    last_device: int


def posted_row(device: BenchmarkDevice, instant: datetime) -> ReadingRow:
    """What the platform makes of ``messages.reading_body``."""
    body = reading_body(device, instant)
    return ReadingRow(
        device_id=device.id,
        measured_at=instant,
        glucose=body["glucoseValue"],
        quality=SignalQuality[body["signalQuality"].upper()],
        confidence=Decimal(str(body["confidence"])),
        battery_level=body["batteryLevel"],
        sensor_data=body["sensorData"],
    )


def store_one_reading(clinic: BenchmarkClinic, devices: list[BenchmarkDevice]) -> Transaction:
    """The statements are overheard from the store itself, so that they are never last year's."""
    heard: list[str] = []

    def listen(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        heard.append(_as_pgbench_takes_it(sql, params))
        return execute(sql, params, many, context)

    row = posted_row(devices[0], datetime.now(UTC))
    with scoped(clinic.scope), connection.execute_wrapper(listen):
        store_rows([row])
    return _transaction(clinic, devices, heard)


def read_current_state(clinic: BenchmarkClinic, devices: list[BenchmarkDevice]) -> Transaction:
    query = (
        f"SELECT * FROM readings_patientstate WHERE organization_id = {clinic.organization_id} "  # noqa: S608
        "AND patient_id = :device"
    )
    return _transaction(clinic, devices, [query])


def _transaction(clinic: BenchmarkClinic, devices: list[BenchmarkDevice], statements: list[str]) -> Transaction:
    # Three, as for a person's request: the user, the organization, the patient.
    scope = ["SET LOCAL app.user_id = '1'", *clinic.scope.statements()]
    return Transaction((*scope, *statements), devices[0].id, devices[-1].id)


def _as_pgbench_takes_it(sql: str, params: Any) -> str:
    if not isinstance(params, dict):
        raise BenchmarkError("The store runs a statement without named parameters: teach benchmarks/transactions.py.")
    with psycopg.connect(os.environ["DATABASE_URL"], cursor_factory=psycopg.ClientCursor) as connection_:
        cursor = psycopg.ClientCursor(connection_)
        values = {name: VARIABLE.get(name) or cursor.mogrify("%s", [value]) for name, value in params.items()}
    return sql % values
