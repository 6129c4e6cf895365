from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reports.worklist.columns import BYTES, COLUMNS, DAYS
from reports.worklist.figures import Counts


def unpack(packed: Sequence[bytes | memoryview | None], days_since: Sequence[int | None]) -> Counts:
    """The counts of each patient's last 28 days up to today. ``days_since``: how long ago the row's last day was."""
    nothing = bytes(BYTES)
    joined = b"".join(nothing if counts is None else counts for counts in packed)
    stored = np.frombuffer(joined, dtype=">i2").reshape(-1, DAYS, len(COLUMNS)).astype(np.int64)
    moved = np.clip(np.array([days or 0 for days in days_since], dtype=np.int64), 0, DAYS)
    for days in np.unique(moved[moved > 0]):
        rows = np.flatnonzero(moved == days)
        kept = stored[rows, days:]
        stored[rows] = 0
        stored[rows, : DAYS - days] = kept
    return stored
