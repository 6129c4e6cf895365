"""Which records stand for their physical reading, among what is new and what lies beside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from dexcom_sync.models import Connection, Egv, Source
from dexcom_sync.records.canonical import SAME_READING_SECONDS, Copy, physical_readings
from dexcom_sync.storing.upserting import Written

CONFLICT = "copies_conflict"
_REACH = timedelta(seconds=SAME_READING_SECONDS)


def choose_canonical(connection: Connection, written: Written) -> list[Egv]:
    """Sets ``is_canonical`` of what is about to be written.

    Returns the records of before that stand for their reading from now on; they are saved.
    """
    touched = {row.record_id: row for row in _egvs(written)}
    if not touched:
        return []
    beside = {row.record_id: row for row in _beside(connection, written) if row.record_id not in touched}
    rows = beside | touched
    sources = {source.pk: source for source in Source.objects.filter(patient_id=connection.patient_id)}
    before = {record_id: row.is_canonical for record_id, row in beside.items()}
    for reading in physical_readings(_copy(row, sources[row.source_id]) for row in rows.values()):
        for copy in reading.copies:
            row = rows[copy.record_id]
            row.is_canonical = copy is reading.chosen
            if reading.is_conflict and copy.record_id in touched and CONFLICT not in row.flags:
                row.flags = [*row.flags, CONFLICT]
    changed = [row for record_id, row in beside.items() if row.is_canonical != before[record_id]]
    for row in changed:
        row.save(update_fields=["is_canonical"])
    return [row for row in changed if row.is_canonical]


def _egvs(written: Written) -> Iterable[Egv]:
    for row in (*written.new, *(row for row, _ in written.changed)):
        if isinstance(row, Egv):
            yield row


def _beside(connection: Connection, written: Written) -> Iterable[Egv]:
    """Where a record was moved, also what it stood beside."""
    instants = [row.system_time for row in _egvs(written)] + [former for _, former in written.changed]
    reach = (min(instants) - _REACH, max(instants) + _REACH)
    found: Iterable[Egv] = Egv.objects.filter(patient_id=connection.patient_id, system_time__range=reach)
    return found


def _copy(row: Egv, source: Source) -> Copy:
    return Copy(
        row.record_id,
        row.system_time,
        source.transmitter_id,
        row.transmitter_ticks,
        row.value,
        source.display_device,
    )
