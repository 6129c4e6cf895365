"""What a window that is read again should not show: counted, and never a reason to remove anything."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from dexcom_sync.metrics import count
from dexcom_sync.models import Connection, Egv, Resource
from dexcom_sync.records.windows import Window
from dexcom_sync.storing.rows import MODELS
from dexcom_sync.storing.upserting import Written

# Enough to see that it happens; the question grows with what it asks for.
MOST_ASKED = 20


def note_odd(
    connection: Connection, resource: Resource, window: Window | None, written: Written, record_ids: Sequence[str]
) -> None:
    """Call it when the page is written, before the transaction ends."""
    if window is not None and (missing := _vanished(connection, resource, window, record_ids)):
        count("vanished", resource.value, by=missing)
    if renamed := _renamed(connection, written):
        count("record_id_churn", by=renamed)


def _vanished(connection: Connection, resource: Resource, window: Window, record_ids: Sequence[str]) -> int:
    """Strictly inside: whether the ends belong to an answer is for Dexcom to say."""
    inside = MODELS[resource].objects.filter(
        patient_id=connection.patient_id, system_time__gt=window.start, system_time__lt=window.end
    )
    missing: int = inside.filter(connection=connection).exclude(record_id__in=record_ids).count()
    return missing


def _renamed(connection: Connection, written: Written) -> int:
    """New values of a transmitter's tick that is stored already under another id, by the same device."""
    new = [row for row in written.new if isinstance(row, Egv) and row.transmitter_ticks is not None][:MOST_ASKED]
    if not new:
        return 0
    same = Q()
    for row in new:
        same |= Q(source_id=row.source_id, transmitter_ticks=row.transmitter_ticks, system_time=row.system_time)
    known = Egv.objects.filter(same, patient_id=connection.patient_id)
    renamed: int = known.exclude(record_id__in=[row.record_id for row in new]).count()
    return renamed
