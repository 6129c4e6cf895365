"""The clinic's devices as a file, in pages that are found by code, each in a short transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import Context
from typing import Any

from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from accounts.authority import Authority
from audit.actions import Action
from audit.services import record_look
from devices.fleet.health import with_health
from devices.models import Assignment, Device
from tenancy.scope import Scope, current_scope, scoped

# The kind of look that the ledger knows.
EXPORTED = "devices.export"
PAGE = 1000
COLUMNS = (
    *("device", "name", "kind", "status", "health", "online", "lastSeenAt", "batteryLevel", "firmwareVersion"),
    *("hardwareModel", "serialNumber", "readingInterval", "patient", "createdAt"),
)


class ExportEnded(Exception):
    """The right to the file ended while it was being read."""


@transaction.atomic
def begin_export() -> None:
    """Recorded before the first row is read: a file that breaks off has shown something, too."""
    worn = Assignment.objects.in_force_at(timezone.now()).order_by("patient_id")
    patient_ids = sorted(set(worn.values_list("patient_id", flat=True)))
    record_look(kind=EXPORTED, patient_ids=patient_ids, action=Action.EXPORT, always=True)


def export_pages(authority: Authority, *, size: int = PAGE) -> Iterator[list[list[Any]]]:
    """Of all devices in use, by their codes. The right is asked for again before each page: raises ExportEnded."""
    after = ""
    while True:
        page = _read_page(authority, after, size)
        yield page
        if len(page) < size:
            return
        after = page[-1][0]


def _read_page(authority: Authority, after: str, size: int) -> list[list[Any]]:
    try:
        scope = authority()
        if scope is None:
            raise ExportEnded
        if current_scope() in (None, scope):
            return _in_scope(scope, after, size)
        # Inside a request, whose scope is of before the caller's patients changed.
        return Context().run(_in_scope, scope, after, size)
    finally:
        # Back to the pool while a slow reader takes the page.
        if not connection.in_atomic_block:
            close_old_connections()


def _in_scope(scope: Scope, after: str, size: int) -> list[list[Any]]:
    now = timezone.now()
    with scoped(scope), transaction.atomic():
        devices = Device.objects.in_use().filter(code__gt=after).with_patients_at(now)
        return [_row(device) for device in with_health(devices, now).order_by("code")[:size]]


def _row(device: Any) -> list[Any]:
    patient = next((period.patient.code for period in device.assignments_in_force), None)
    return [
        *(device.code, device.name, device.kind, device.status, device.health, device.is_online),
        *(device.last_seen_at, device.battery_level, device.firmware_version, device.hardware_model),
        *(device.serial_number, device.reading_interval, patient, device.created_at),
    ]
