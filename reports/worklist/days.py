from __future__ import annotations

import numpy as np

from reports.worklist.columns import COLUMNS, DAYS
from reports.worklist.figures import Counts, Integers


def unpack(packed: bytes, places: Integers, days_since: Integers) -> Counts:
    """The counts of each patient's last 28 days up to today.

    ``places``: which patient each packed row is of, -1 for none. ``days_since``: of each patient, how long ago the last
    day of the row was.
    """
    stored = np.frombuffer(packed, dtype=">i2").reshape(-1, DAYS, len(COLUMNS))
    counts = np.zeros((len(days_since), DAYS, len(COLUMNS)), dtype=np.int16)
    counts[places[places >= 0]] = stored[places >= 0]
    moved = np.clip(days_since, 0, DAYS)
    for days in np.unique(moved[moved > 0]):
        rows = np.flatnonzero(moved == days)
        kept = counts[rows, days:]
        counts[rows] = 0
        counts[rows, : DAYS - days] = kept
    return counts
