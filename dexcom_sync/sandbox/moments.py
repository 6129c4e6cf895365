"""Times in texts: those of queries, which are read strictly, and those of records, which come in many shapes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dexcom_sync.sandbox.refusals import ControlRefused

MICRO = 1_000_000
DAY = 86_400
QUERY = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def query_second(text: str) -> int | None:
    """Seconds since 1970 of a query's time, or None where it is not exactly YYYY-MM-DDTHH:MM:SS."""
    if not QUERY.fullmatch(text):
        return None
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def control_second(value: object) -> float:
    """A time in a control call: ISO with a zone, or seconds since 1970."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise ControlRefused(f"{value!r} is no time. Write it as 2026-06-01T12:00:00Z.") from None
    if moment.tzinfo is None:
        raise ControlRefused(f"{value!r} has no zone. Write it as 2026-06-01T12:00:00Z.")
    return moment.timestamp()


def wall(second: float) -> str:
    """``YYYY-MM-DDTHH:MM:SS`` of UTC."""
    return (EPOCH + timedelta(seconds=int(second))).isoformat()[:19]


def offset_at(zone: str, second: float) -> int:
    """Seconds east of Greenwich."""
    return _offset_in_hour(zone, int(second // 900) * 900)


@lru_cache(maxsize=65_536)
def _offset_in_hour(zone: str, second: int) -> int:
    offset = datetime.fromtimestamp(second, ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def offsets_at(zone: str, seconds: NDArray[np.int64]) -> NDArray[np.int32]:
    """As ``offset_at`` of each."""
    days, places = np.unique(seconds // DAY, return_inverse=True)
    begins = [offset_at(zone, day * DAY) for day in days.tolist()]
    offsets = np.array(begins, dtype=np.int32)[places]
    for place, (day, begin) in enumerate(zip(days.tolist(), begins, strict=True)):
        if offset_at(zone, (day + 1) * DAY) != begin:
            changing = np.flatnonzero(places == place)
            offsets[changing] = [offset_at(zone, second) for second in seconds[changing].tolist()]
    return offsets


@lru_cache(maxsize=1024)
def offset_text(offset: int) -> str:
    sign = "-" if offset < 0 else "+"
    minutes, seconds = divmod(abs(offset), 60)
    text = f"{sign}{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{seconds:02}" if seconds else text
