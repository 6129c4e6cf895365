"""Traces made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from analytics.trace import MINUTE, Trace

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def instant(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def every(
    interval: int, values: Sequence[float | None], *, since: datetime = MIDNIGHT, zone: ZoneInfo = UTC_ZONE,
    is_mmol: bool = False,
) -> Trace:  # fmt: skip
    """One value every ``interval`` minutes, the first after one interval; None: it is missing."""
    given = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    instants = instant(since) + interval * MINUTE * np.arange(1, len(given) + 1)
    return Trace.of(instants, given, zone, is_mmol=is_mmol)
