"""How far each kind of record was read, in the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from dexcom_sync.models import Connection, Progress, Resource
from dexcom_sync.records.windows import Window
from dexcom_sync.sync.passes import Pass, Range, Standing

_PRESENT = (
    "synced_through", "range_start", "range_end", "hot_at", "daily_at", "weekly_at", "failures", "last_error",
)  # fmt: skip


@transaction.atomic
def progress_of(connection: Connection) -> dict[str, Progress]:
    """A row for each resource; made with the first cycle."""
    rows: dict[str, Progress] = {row.resource: row for row in Progress.objects.filter(connection_id=connection.pk)}
    for resource in Resource:
        if resource not in rows:
            rows[resource] = Progress.objects.create(
                connection=connection, patient_id=connection.patient_id, resource=resource
            )
    return rows


def standing_of(row: Progress) -> Standing:
    return Standing(row.synced_through, row.hot_at, row.daily_at, row.weekly_at)


def moved(row: Progress, found: Range) -> bool:
    return (row.range_start, row.range_end) != (found.start, found.end)


def after_piece(row: Progress, one: Pass, found: Range, now: datetime) -> Callable[[Window], None]:
    """What moves the cursor, in the transaction that stores a piece. The passes are over with the last piece."""

    def move(piece: Window) -> None:
        # Only what is ours: the past has a worker of its own, which moves its mark in the same row.
        names = list(_PRESENT)
        if row.synced_through is None:
            row.backfilled_to = one.window.start
            names.append("backfilled_to")
        row.synced_through = max(row.synced_through or piece.end, piece.end)
        if piece.end == one.window.end:
            row.range_start, row.range_end = found.start, found.end
            row.hot_at = now
            row.daily_at = now if one.daily else row.daily_at
            row.weekly_at = now if one.weekly else row.weekly_at
            row.failures, row.last_error = 0, ""
        row.save(update_fields=names)

    return move


@transaction.atomic
def want_past(connection: Connection, row: Progress, found: Range) -> None:
    """The past is wanted down to where the range begins: anew where it begins earlier than before."""
    floor = max(found.start, connection.history_since or found.start)
    if row.backfilled_to is None or (row.backfill_floor is not None and floor >= row.backfill_floor):
        return
    row.backfill_floor = floor
    row.save(update_fields=["backfill_floor"])
    if floor < row.backfilled_to:
        Connection.objects.filter(pk=connection.pk).update(is_backfilling=True)


@transaction.atomic
def note_nothing_to_read(row: Progress, now: datetime) -> None:
    row.hot_at, row.failures, row.last_error = now, 0, ""
    row.save(update_fields=["hot_at", "failures", "last_error"])


@transaction.atomic
def note_failure(row: Progress, code: str) -> None:
    """The cursor stays: the same window is asked for again."""
    row.refresh_from_db()
    row.failures += 1
    row.last_error = code
    row.save(update_fields=["failures", "last_error"])
