"""One window read and kept."""

from __future__ import annotations

from collections.abc import Callable

from dexcom_sync.client import TimedOut
from dexcom_sync.models import Resource
from dexcom_sync.records.outcomes import Resource as Asked
from dexcom_sync.records.windows import Window, halves
from dexcom_sync.storing import Fetched, Stored, store_page
from dexcom_sync.sync.session import Session


def read_window(session: Session, resource: Resource, window: Window, then: Callable[[Window], None]) -> list[Stored]:
    """``then`` is told of each piece in its transaction. A window that is too slow is read in halves, down to a day."""
    try:
        page = session.get(Asked(resource.value), window)
    except TimedOut:
        parts = halves(window)
        if len(parts) < 2:
            raise
        return [stored for part in parts for stored in read_window(session, resource, part, then)]
    fetched = Fetched(resource, window, page.fetched_at, page.body, page.envelope.records)
    return [store_page(session.connection, fetched, then=lambda: then(window))]
