"""Small traces made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from analytics.trace import MINUTE, Trace

UTC_ZONE, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
# A Monday.
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def trace_of(
    glucose: Sequence[float],
    *,
    every: int = 5,
    begin: datetime = MONDAY,
    zone: ZoneInfo = UTC_ZONE,
    is_mmol: bool = False,
    beyond: Sequence[int] | int = 0,
) -> Trace:
    """A value every so many minutes, in mg/dL."""
    first = milliseconds(begin)
    instants = [first + place * every * MINUTE for place in range(len(glucose))]
    return Trace.of(instants, glucose, zone, is_mmol=is_mmol, beyond=beyond)
