"""Records that nobody could read, read again from what was kept: after a new version that can."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from dexcom_sync.metrics import note_records
from dexcom_sync.models import Connection, QuarantinedRecord, Resource
from dexcom_sync.records import PARSERS
from dexcom_sync.records.outcomes import Context, Quarantined
from dexcom_sync.records.outcomes import Resource as Asked
from dexcom_sync.storing.canonical import choose_canonical
from dexcom_sync.storing.readings import bring_to_readings
from dexcom_sync.storing.rows import MODELS
from dexcom_sync.storing.upserting import compare, write


@dataclass(frozen=True, slots=True)
class Replayed:
    read: int = 0
    left: int = 0


def replay(*, on_progress: Callable[[float], None] | None = None) -> Replayed:
    """What waits in the clinic in scope, each record in a transaction of its own, so call it outside of one."""
    read = left = 0
    for record_id in waiting_records():
        if _replayed(record_id):
            read += 1
        else:
            left += 1
        if on_progress:
            on_progress(1)
    return Replayed(read, left)


@transaction.atomic
def waiting_records() -> list[int]:
    """Oldest first, so that a record's later version comes after it."""
    return list(QuarantinedRecord.objects.waiting().order_by("id").values_list("id", flat=True))


@transaction.atomic
def _replayed(record_id: int) -> bool:
    waiting: QuarantinedRecord | None = (
        QuarantinedRecord.objects.waiting().select_for_update(of=("self",)).filter(pk=record_id).first()
    )
    if waiting is None:
        return False
    # Also of a connection that is withdrawn by now: the record came while it was in force.
    connection: Connection = (
        Connection.objects.select_for_update(no_key=True, of=("self",))
        .select_related("patient")
        .get(pk=waiting.connection_id)
    )
    context = Context(now=waiting.first_seen_at, zone=ZoneInfo(connection.patient.timezone))
    parsed = PARSERS[Asked(waiting.resource)](json.loads(waiting.payload), context)
    if isinstance(parsed, Quarantined):
        return False
    # A device's settings come with the next answer about devices: that they can be read now is enough.
    if waiting.resource in MODELS:
        resource = Resource(waiting.resource)
        written = compare(connection, resource, [parsed], waiting.first_seen_at)  # type: ignore[list-item]
        chosen = choose_canonical(connection, written)
        write(resource, written)
        bring_to_readings(connection, written, chosen, waiting.first_seen_at)
        note_records(resource, [parsed])
    QuarantinedRecord.objects.filter(pk=waiting.pk).update(resolved_at=timezone.now())
    return True
