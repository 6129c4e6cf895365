"""What of a connection's records is due, read one kind after the other: one that fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.utils import timezone

from dexcom_sync.client import BadRequest, DexcomError
from dexcom_sync.models import Resource
from dexcom_sync.records.outcomes import Resource as Asked
from dexcom_sync.records.windows import Window, pieces
from dexcom_sync.storing import Fetched, Stored
from dexcom_sync.storing.equipment import Upload, note_upload, store_devices
from dexcom_sync.sync import progress
from dexcom_sync.sync.fetching import read_window
from dexcom_sync.sync.passes import RECEIVER_CATCH_UP_AT_MOST, next_pass, receiver_window
from dexcom_sync.sync.ranges import Ranges
from dexcom_sync.sync.session import Session

RECORDS = (Resource.EGVS, Resource.EVENTS, Resource.CALIBRATIONS, Resource.ALERTS)
# With every movement of the range; the others wait for their sixth hour, which halves the calls.
WITH_EVERY_MOVEMENT = (Resource.EGVS, Resource.EVENTS)
DEVICES_EVERY = timedelta(hours=6)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Outcome:
    """``failed``: resources with the code of what went wrong. ``newest``: by the device's clock."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    newest: datetime | None = None
    new_equipment: bool = False
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, stored: Stored) -> None:
        self.new += stored.new
        self.changed += stored.changed
        self.unchanged += stored.unchanged
        self.quarantined += stored.quarantined
        self.new_equipment |= stored.new_equipment


class Reader:
    def __init__(self, session: Session, found: Ranges, outcome: Outcome) -> None:
        self.session = session
        self.found = found
        self.outcome = outcome
        self.now = timezone.now()
        self.rows = progress.progress_of(session.connection)

    def read_all(self) -> None:
        devices_at = self.rows[Resource.DEVICES].hot_at
        if devices_at is None or self.now - devices_at >= DEVICES_EVERY:
            self._guarded(Resource.DEVICES, self._devices)
        for resource in RECORDS:
            self._guarded(resource, partial(self._records, resource))
        known = self.found.of(Resource.EGVS)
        if known is not None and Resource.EGVS not in self.outcome.failed:
            # A clock of a phone that is ahead does not make the data newer than they are.
            self.outcome.newest = min(known.end, self.now)
        # A sensor that nobody knew: its settings are wanted now.
        if self.outcome.new_equipment and self.rows[Resource.DEVICES].hot_at != self.now:
            self._guarded(Resource.DEVICES, self._devices)

    def _guarded(self, resource: Resource, read: Callable[[], None]) -> bool:
        try:
            read()
        except DexcomError as error:
            code = code_of(error)
            self.outcome.failed[resource] = code
            progress.note_failure(self.rows[resource], code)
            connection = str(self.session.connection.public_id)
            log.warning("dexcom_not_read", connection=connection, resource=resource.value, code=code)
            return False
        return True

    def _records(self, resource: Resource) -> None:
        row, known = self.rows[resource], self.found.of(resource)
        if resource in self.found.unreadable:
            self.outcome.failed[resource] = "range_unreadable"
            return
        if known is None:
            progress.note_nothing_to_read(row, self.now)
            return
        progress.want_past(self.session.connection, row, known)
        due = next_pass(
            progress.standing_of(row),
            known,
            self.now,
            their_now=self.found.now,
            spread=self._spread,
            moved=resource in WITH_EVERY_MOVEMENT and progress.moved(row, known),
            to_now=resource == Resource.ALERTS,
        )
        if due is None:
            return
        for piece in pieces(due.window):
            self._window(resource, piece, progress.after_piece(row, due, known, self.now))
        progress.want_past(self.session.connection, row, known)

    def _window(self, resource: Resource, window: Window, then: Callable[[Window], None]) -> None:
        for stored in read_window(self.session, resource, window, then):
            self.outcome.add(stored)

    def _devices(self) -> None:
        page = self.session.get(Asked.DEVICES)
        fetched = Fetched(Resource.DEVICES, None, page.fetched_at, page.body, page.envelope.records)
        uploads = store_devices(self.session.connection, fetched)
        progress.note_nothing_to_read(self.rows[Resource.DEVICES], self.now)
        for upload in uploads:
            self._catch_up(upload)

    def _catch_up(self, upload: Upload) -> None:
        whole = True
        for resource in RECORDS:
            whole &= self._guarded(resource, partial(self._brought, resource, upload))
        if whole:
            note_upload(upload)

    def _brought(self, resource: Resource, upload: Upload) -> None:
        """What a receiver may have brought from the weeks since it was connected last."""
        row, known = self.rows[resource], self.found.of(resource)
        # What is not read at all yet comes with the first pass and the backfill.
        if known is None or row.synced_through is None:
            return
        former = upload.former or self.now - RECEIVER_CATCH_UP_AT_MOST
        if window := receiver_window(former, known, self.found.now):
            for piece in pieces(window):
                self._window(resource, piece, _nothing_more)

    @property
    def _spread(self) -> float:
        return self.session.connection.public_id.int % 1000 / 1000


def code_of(error: DexcomError) -> str:
    """What pages put into words: ``refused_400``, ``trouble_503``, ``unreadable`` and the like."""
    if isinstance(error, BadRequest):
        return f"refused_{error.status}"
    kind = {"RateLimited": "rate_limited", "Unreadable": "unreadable", "TimedOut": "too_slow"}.get(type(error).__name__)
    return kind or (f"trouble_{error.status}" if error.status else "unreachable")


def _nothing_more(window: Window) -> None:
    return
