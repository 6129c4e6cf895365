from __future__ import annotations

from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import close_old_connections, connection, transaction

from accounts.authority import Authority
from readings.exports.rows import ExportRow
from readings.history import Place
from readings.store import run_steps
from readings.store.steps import Rows, Steps
from tenancy.scope import Scope, current_scope, scoped

PAGE = 2000

# Nobody is told that a patient whom they may not see any more has no readings.
_PATIENT = "SELECT 1 FROM patients_patient WHERE organization_id = %(organization_id)s AND id = %(patient_id)s"
_PAGE = """
SELECT reading.measured_at, reading.device_id, device.code, device.public_number, reading.glucose, reading.range_flag,
       reading.trend, reading.rate, reading.is_copy, EXISTS (
           SELECT 1 FROM readings_amendment amendment
            WHERE amendment.organization_id = %(organization_id)s AND amendment.patient_id = %(patient_id)s
              AND amendment.measured_at = reading.measured_at AND amendment.device_id = reading.device_id)
  FROM (SELECT *
          FROM readings_glucosereading reading
         WHERE reading.organization_id = %(organization_id)s AND patient_id = %(patient_id)s
           AND (%(with_copies)s OR NOT is_copy)
           AND measured_at >= COALESCE(%(since)s::timestamptz, '-infinity')
           AND measured_at < COALESCE(%(until)s::timestamptz, 'infinity')
           {after}
         ORDER BY measured_at, device_id LIMIT %(limit)s) reading
  JOIN devices_device device ON device.organization_id = %(organization_id)s AND device.id = reading.device_id
 ORDER BY reading.measured_at, reading.device_id
"""
_FIRST_PAGE = _PAGE.format(after="")
_NEXT_PAGE = _PAGE.format(
    after="""AND measured_at >= %(after_instant)s
           AND (measured_at, device_id) > (%(after_instant)s, %(after_device)s)"""
)


class ExportEnded(Exception):
    """The right to read the patient's readings ended while they were being read."""


@dataclass(frozen=True, slots=True)
class Export:
    """Readings from ``since`` on, before ``until``. ``with_copies``: also those that a second receiver sent."""

    organization_id: int
    patient_id: int
    patient_code: str
    timezone: str
    since: datetime | None = None
    until: datetime | None = None
    with_copies: bool = False


def export_pages(export: Export, authority: Authority, *, size: int = PAGE) -> Iterator[list[ExportRow]]:
    """Oldest first; at least one page, perhaps an empty one. Raises ExportEnded.

    A reading that is stored late, behind the page that was read last, is not in the file.
    """
    zone = ZoneInfo(export.timezone)
    after: Place | None = None
    while True:
        found = _read_page(export, authority, after, size)
        yield [ExportRow.of(zone, *row) for row in found]
        if len(found) < size:
            return
        after = found[-1][0], found[-1][1]


def _read_page(export: Export, authority: Authority, after: Place | None, size: int) -> Rows:
    try:
        scope = authority()
        if scope is None:
            raise ExportEnded
        if current_scope() in (None, scope):
            return _in_scope(scope, _page_steps(export, after, size))
        # Inside a request, whose scope is of before the caller's patients changed.
        return Context().run(_in_scope, scope, _page_steps(export, after, size))
    finally:
        # Back to the pool while a slow reader takes the page.
        if not connection.in_atomic_block:
            close_old_connections()


def _in_scope(scope: Scope, steps: Steps[Rows]) -> Rows:
    with scoped(scope), transaction.atomic():
        return run_steps(steps)


def _page_steps(export: Export, after: Place | None, size: int) -> Steps[Rows]:
    parameters = {
        "organization_id": export.organization_id,
        "patient_id": export.patient_id,
        "since": export.since,
        "until": export.until,
        "with_copies": export.with_copies,
        "limit": size,
    }
    if not (yield _PATIENT, parameters):
        raise ExportEnded
    if after is None:
        return (yield _FIRST_PAGE, parameters)
    return (yield _NEXT_PAGE, {**parameters, "after_instant": after[0], "after_device": after[1]})
