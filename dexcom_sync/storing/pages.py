"""One answer of Dexcom in one transaction: the page, its records, the readings and the cursor, or nothing."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from dexcom_sync.metrics import note_lateness, note_records
from dexcom_sync.models import Connection, RawPage, Resource
from dexcom_sync.records.alerts import parse_alert
from dexcom_sync.records.calibrations import parse_calibration
from dexcom_sync.records.egvs import parse_egv
from dexcom_sync.records.events import parse_event
from dexcom_sync.records.outcomes import Context, Quarantined
from dexcom_sync.records.windows import Window
from dexcom_sync.storing.canonical import choose_canonical
from dexcom_sync.storing.oddities import note_odd
from dexcom_sync.storing.quarantine import quarantine
from dexcom_sync.storing.readings import bring_to_readings
from dexcom_sync.storing.rows import ParsedRecord
from dexcom_sync.storing.upserting import Written, compare, write

PARSERS: dict[str, Callable[[object, Context], Any]] = {
    Resource.EGVS: parse_egv,
    Resource.EVENTS: parse_event,
    Resource.CALIBRATIONS: parse_calibration,
    Resource.ALERTS: parse_alert,
}


class ConnectionMoved(Exception):
    """The connection was withdrawn, stopped or taken over while its data were on their way: nothing was kept."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """``body``: the JSON as it came; ``records``: the raw objects in it."""

    resource: Resource
    window: Window | None
    at: datetime
    body: bytes
    records: Sequence[object]


@dataclass(frozen=True, slots=True)
class Stored:
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    newest: datetime | None = None
    new_equipment: bool = False


@transaction.atomic
def store_page(connection: Connection, page: Fetched, *, then: Callable[[], None]) -> Stored:
    """Keep an answer, and do ``then`` (which moves the cursor) in the same transaction.

    Raises ConnectionMoved where the data are no longer ours to keep.
    """
    locked = hold(connection)
    keep_raw(locked, page)
    parsed = parse(locked, page)
    records = [record for record in parsed if not isinstance(record, Quarantined)]
    refused = [(raw, one) for raw, one in zip(page.records, parsed, strict=True) if isinstance(one, Quarantined)]
    quarantine(locked, page.resource, refused, page.at)
    written = compare(locked, page.resource, records, page.at)
    chosen = choose_canonical(locked, written)
    write(page.resource, written)
    bring_to_readings(locked, written, chosen, page.at)
    then()
    note_records(page.resource, parsed)
    note_lateness(page.resource, (row.system_time for row in written.new), page.at)
    note_odd(locked, page.resource, page.window, written, [record.record_id for record in records])
    return _summary(written, len(refused), records)


def hold(connection: Connection) -> Connection:
    """The connection's row, locked until the transaction's end: one page at a time is stored for it.

    It must still be polled, and be the same consent for the same person, as when the answer was asked for.
    """
    locked: Connection | None = (
        Connection.objects.select_for_update(no_key=True, of=("self",))
        .select_related("patient")
        .filter(pk=connection.pk, status__in=Connection.POLLED)
        .first()
    )
    if locked is None or locked.dexcom_user_id != connection.dexcom_user_id:
        raise ConnectionMoved
    return locked


def keep_raw(connection: Connection, page: Fetched) -> None:
    RawPage.objects.create(
        connection=connection,
        patient_id=connection.patient_id,
        resource=page.resource,
        since=page.window and page.window.start,
        until=page.window and page.window.end,
        fetched_at=page.at,
        records=len(page.records),
        digest=hashlib.sha256(page.body).digest(),
        body=base64.b64encode(zlib.compress(page.body, 6)).decode(),
    )


def parse(connection: Connection, page: Fetched) -> list[ParsedRecord | Quarantined]:
    context = Context(now=page.at, zone=ZoneInfo(connection.patient.timezone))
    parser = PARSERS[page.resource]
    return [parser(raw, context) for raw in page.records]


def _summary(written: Written, quarantined: int, records: Sequence[ParsedRecord]) -> Stored:
    return Stored(
        new=len(written.new),
        changed=len(written.changed),
        unchanged=written.unchanged,
        quarantined=quarantined,
        newest=max((record.times.system_time for record in records), default=None),
        new_equipment=written.new_equipment,
    )
