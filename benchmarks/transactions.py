"""Transactions as the platform runs them, written as pgbench takes them, with ``:device`` and its ``:organization``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from django.db import connection

from benchmarks.devices import BenchmarkDevice
from benchmarks.errors import BenchmarkError
from benchmarks.fleet import Fleet
from benchmarks.messages import reading_body
from devices.fleet.statements import HEARTBEAT
from readings.models import SignalQuality
from readings.rows import ReadingRow
from readings.store import store_rows
from readings.store.statements import NOTE_CONTACT
from tenancy.scope import STAFF, Scope, scoped

# A device's patient has the same id.
VARIABLE = {
    "organization_id": "ARRAY[:organization]::bigint[]",
    "device_id": "ARRAY[:device]::bigint[]",
    "patient_id": "ARRAY[:device]::bigint[]",
    "measured_at": "ARRAY[now()]",
    "newest_at": "ARRAY[now()]",
}
# A literal, so that the planner leaves partitions out as it does for the platform; beyond the end of the measurement.
UNTIL = timedelta(hours=1)
# pgbench takes ``:false`` for a variable of its own; a space makes no difference to JSON.
_WORD_IN_JSON = re.compile(r'(?<="):(?=[a-z])')


@dataclass(frozen=True, slots=True)
class Transaction:
    """``statements`` run between BEGIN and COMMIT, for a device that is drawn anew each time.

    Devices stand in turns in ``organizations`` clinics from ``first_organization`` on.
    """

    statements: tuple[str, ...]
    first_device: int
    last_device: int
    first_organization: int = 0
    organizations: int = 1

    def organization_of(self, device: int) -> int:
        return self.first_organization + (device - self.first_device) % self.organizations


def posted_row(device: BenchmarkDevice, instant: datetime) -> ReadingRow:
    """What the platform makes of ``messages.reading_body``."""
    body = reading_body(device.code, device.patient_code, instant)
    return ReadingRow(
        device_id=device.id,
        measured_at=instant,
        glucose=body["glucoseValue"],
        quality=SignalQuality[body["signalQuality"].upper()],
        confidence=Decimal(str(body["confidence"])),
        battery_level=body["batteryLevel"],
        sensor_data=body["sensorData"],
    )


def store_one_reading(fleet: Fleet, devices: list[BenchmarkDevice]) -> Transaction:
    """The statements are overheard from the store itself, so that they are never last year's."""
    heard: list[str] = []

    def listen(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        heard.append(_as_pgbench_takes_it(sql, params))
        return execute(sql, params, many, context)

    row = posted_row(devices[0], datetime.now(UTC))
    with scoped(Scope(devices[0].organization_id)), connection.execute_wrapper(listen):
        store_rows([row])
    return _transaction(fleet, devices, heard)


def hear_one_heartbeat(fleet: Fleet, devices: list[BenchmarkDevice]) -> Transaction:
    """The statements of ``messages.HEARTBEAT``."""
    told = {
        **{name: VARIABLE[name] for name in ("organization_id", "device_id")},
        **{"status": "'{active}'", "firmware": "'{2.1.3}'", "battery_level": "'{80}'", "signal_strength": "'{-61}'"},
        **{"uptime": "'{86400}'", "temperature": "'{31.5}'", "memory_usage": "'{48.5}'", "cpu_usage": "'{7.5}'"},
        **{"clock_skew": "'{null}'", "settings_version": "'{1}'", "signal_is_poor": "'{null}'"},
    }
    return _transaction(fleet, devices, [NOTE_CONTACT % told, HEARTBEAT % told])


def read_current_state(fleet: Fleet, devices: list[BenchmarkDevice]) -> Transaction:
    query = "SELECT * FROM readings_patientstate WHERE organization_id = :organization AND patient_id = :device"
    return _transaction(fleet, devices, [query])


def _transaction(fleet: Fleet, devices: list[BenchmarkDevice], statements: list[str]) -> Transaction:
    scope = ["SET LOCAL app.organization_id = ':organization'", f"SET LOCAL app.patient_id = '{STAFF}'"]
    return Transaction(
        (*scope, *statements),
        devices[0].id,
        devices[-1].id,
        fleet.first_organization,
        len(fleet.organization_ids),
    )


def _as_pgbench_takes_it(sql: str, params: Any) -> str:
    if not isinstance(params, dict):
        raise BenchmarkError("The store runs a statement without named parameters: teach benchmarks/transactions.py.")
    with psycopg.connect(os.environ["DATABASE_URL"], cursor_factory=psycopg.ClientCursor) as connection_:
        cursor = psycopg.ClientCursor(connection_)
        if "until" in params:
            params = {**params, "until": params["until"] + UNTIL}
        values = {name: VARIABLE.get(name) or cursor.mogrify("%s", [value]) for name, value in params.items()}
    return sql % {name: _WORD_IN_JSON.sub(": ", value) for name, value in values.items()}
