"""How far a connection's records are read, as pages and answers show it."""

from __future__ import annotations

from dexcom_sync.models import Progress


def past_share(row: Progress) -> float | None:
    """From 0 to 1, of the stretch that is wanted; None where nobody knows yet how far the past reaches."""
    if row.backfill_floor is None or row.backfilled_to is None or row.synced_through is None:
        return None
    wanted = (row.synced_through - row.backfill_floor).total_seconds()
    if row.backfilled_to <= row.backfill_floor or wanted <= 0:
        return 1.0
    return max(0.0, (row.synced_through - row.backfilled_to).total_seconds() / wanted)
