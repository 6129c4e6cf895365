"""Facts of made patients, for tests of what is computed: no tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from reports.worklist.columns import COLUMNS, DAYS, PERIOD
from reports.worklist.points import REASONS, Facts, Ranking, Reason, rank

NOW = 1_800_000_000.0
HOUR, DAY = 3600.0, 86_400.0


def days(
    *, recent: dict[str, int] | None = None, before: dict[str, int] | None = None, of: int = PERIOD, interval: int = 5
) -> np.ndarray:
    """Each of the last ``of`` days of both periods with 288 readings, so many of them in these ranges."""
    table = np.zeros((DAYS, len(COLUMNS)), dtype=np.int16)
    for said, first, last in ((before, PERIOD - of, PERIOD), (recent, DAYS - of, DAYS)):
        if said is not None:
            for name, value in {"count": 1440 // interval, "interval": interval, **said}.items():
                table[first:last, COLUMNS.index(name)] = value
    return table


def facts(*patients: dict[str, Any], **shared: Any) -> Facts:
    usual: dict[str, Any] = {
        "days": days(recent={}, before={}),
        "minutes_today": 1440.0,
        "preset": 0,
        "newest_reading": NOW - 300,
        "measured_since": NOW - 100 * DAY,
        "unacknowledged": 0,
        "acknowledged": 0,
        "connection_lost": np.nan,
        "consent_withdrawn": np.nan,
        "next_contact": np.nan,
        "seen_at": np.nan,
        "seen_days_ago": -1,
        "rests_until": np.nan,
        "assigned_to": 0,
    }
    rows = [{**usual, **shared, **patient} for patient in patients]
    columns = {name: np.array([row[name] for row in rows]) for name in usual}
    return Facts(patient_ids=np.arange(1, len(rows) + 1), **columns)


def ranked(*patients: dict[str, Any], **shared: Any) -> Ranking:
    return rank(facts(*patients, **shared), now=NOW)


def points_of(ranking: Ranking, place: int = 0) -> dict[Reason, float]:
    """Those that are not zero."""
    return {reason: float(value) for reason, value in zip(REASONS, ranking.points[place], strict=True) if value}
