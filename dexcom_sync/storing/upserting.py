"""Records into their tables, by recordId alone: an edit may move a record to another time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dexcom_sync.models import Connection, FormerRecord, Resource
from dexcom_sync.shapes import shape_text
from dexcom_sync.storing.inserting import insert
from dexcom_sync.storing.rows import MODELS, ParsedRecord, Row, fill, row_of
from dexcom_sync.storing.sources import source_ids


@dataclass(slots=True)
class Written:
    """``changed``: each with the instant at which it stood before. ``new_equipment``: a source not known before."""

    new: list[Row] = field(default_factory=list)
    changed: list[tuple[Row, datetime]] = field(default_factory=list)
    unchanged: int = 0
    new_equipment: bool = False


def compare(
    connection: Connection, resource: Resource, records: Sequence[ParsedRecord], fetched_at: datetime
) -> Written:
    """What these records change; ``write`` does it. The caller holds the connection's lock.

    A record that says something else than before becomes a new version, and what it said is kept. An answer that is
    older than what is stored changes nothing: a slow one must not undo an edit or a deletion.
    """
    newest = _one_of_each(records)
    sources, is_news = source_ids(connection, (record.source for record in newest.values()))
    known: dict[str, Row] = {
        row.record_id: row
        for row in MODELS[resource].objects.filter(patient_id=connection.patient_id, record_id__in=list(newest))
    }
    written = Written(new_equipment=is_news)
    for record_id, record in newest.items():
        row = known.get(record_id)
        if row is None:
            written.new.append(row_of(record, connection, sources[record.source], fetched_at))
        elif bytes(row.payload_digest) == record.provenance.payload_digest or _is_older(row, fetched_at):
            written.unchanged += 1
        else:
            written.changed.append((row, row.system_time))
            _keep_former(connection, resource, row, fetched_at)
            fill(row, record, sources[record.source])
            row.version += 1
            row.changed_at = fetched_at
    return written


def _one_of_each(records: Iterable[ParsedRecord]) -> dict[str, ParsedRecord]:
    """One answer may hold a record twice: the later by its own time counts; the page keeps both."""
    return {
        record.record_id: record
        for record in sorted(records, key=lambda one: (one.times.system_time, one.provenance.payload_digest))
    }


def _is_older(row: Row, fetched_at: datetime) -> bool:
    return fetched_at < (row.changed_at or row.first_seen_at)


def _keep_former(connection: Connection, resource: Resource, row: Row, now: datetime) -> None:
    FormerRecord.objects.create(
        connection=connection,
        patient_id=connection.patient_id,
        resource=resource,
        record_id=row.record_id,
        version=row.version,
        payload=shape_text(row),
        replaced_at=now,
    )


def write(resource: Resource, written: Written) -> None:
    if resource == Resource.EVENTS:
        # Sealed row by row.
        for row in [*written.new, *(row for row, _ in written.changed)]:
            row.save(force_insert=row.version == 1 and row.changed_at is None)
        return
    insert(written.new)
    for row, _ in written.changed:
        row.save(force_update=True)
