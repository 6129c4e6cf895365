"""Which windows to read next: pure, from how far each kind of record was read and what Dexcom says that there is.

Records arrive late, are edited and deleted, and none of that moves the end of the range: what was read is read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dexcom_sync.records.windows import LONGEST, SECOND, Window, whole_second

# An end after now may be refused, and clocks differ.
BEHIND_NOW = timedelta(seconds=60)
# A day that a G7 fills in, three hours of delay outside the United States, and more for clocks that are wrong.
HOT = timedelta(hours=48)
DAILY = timedelta(days=10)
WEEKLY = LONGEST
HOT_AT_LEAST_EVERY = timedelta(hours=6)
RECEIVER_CATCH_UP_AT_MOST = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one kind of record of one connection was read; as in ``models.Progress``."""

    synced_through: datetime | None = None
    hot_at: datetime | None = None
    daily_at: datetime | None = None
    weekly_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Range:
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Pass:
    """One stretch to read, up to the cursor's next place; and which passes it stands for besides the hot one."""

    window: Window
    daily: bool = False
    weekly: bool = False


def newest_to_ask_for(found: Range, now: datetime, *, to_now: bool = False) -> datetime:
    """One second beyond the newest record: whether the end belongs to a window is disputed.

    ``to_now``: for alerts, of which the range does not tell.
    """
    latest = whole_second(now - BEHIND_NOW)
    return latest if to_now else min(whole_second(found.end) + SECOND, latest)


def next_pass(
    standing: Standing,
    found: Range,
    now: datetime,
    *,
    their_now: datetime,
    spread: float,
    moved: bool,
    to_now: bool = False,
) -> Pass | None:
    """What to read now, or None. ``their_now``: what may be asked for ends before it; passes go by our clock.

    ``spread``: from 0 up to 1, of the connection, so that not all of them sweep in the same hour. ``moved``: whether
    any range differs from that of the last cycle; a hot pass waits for that, or for six hours.
    """
    until = newest_to_ask_for(found, their_now, to_now=to_now)
    weekly = _is_due(standing.weekly_at, timedelta(days=7), spread, now)
    daily = weekly or _is_due(standing.daily_at, timedelta(days=1), spread, now)
    waited = standing.hot_at is None or now - standing.hot_at >= HOT_AT_LEAST_EVERY
    if not (moved or waited or daily or standing.synced_through is None):
        return None
    back = WEEKLY if weekly else DAILY if daily else HOT
    through = standing.synced_through
    since = until - HOT if through is None else min(through - HOT, until - back)
    # One piece, where the weekly sweep is all there is to read.
    since = max(whole_second(found.start), since)
    if until <= since:
        return None
    return Pass(Window(since, until), daily=daily or through is None, weekly=weekly or through is None)


def receiver_window(former_upload: datetime, found: Range, now: datetime) -> Window | None:
    """What a receiver that was connected again may have brought: all since its upload before, and a day more."""
    until = newest_to_ask_for(found, now)
    since = max(
        whole_second(former_upload) - timedelta(days=1), until - RECEIVER_CATCH_UP_AT_MOST, whole_second(found.start)
    )
    return Window(since, until) if since < until else None


def next_backfill(floor: datetime, read_down_to: datetime) -> Window | None:
    """The next piece of the past, newest first; None where it is read."""
    if read_down_to <= floor:
        return None
    return Window(max(whole_second(floor), read_down_to - LONGEST + SECOND), read_down_to + SECOND)


def _is_due(last: datetime | None, period: timedelta, spread: float, now: datetime) -> bool:
    """Once in each period, at the connection's own point of it."""
    if last is None:
        return True
    epoch = datetime.min.replace(tzinfo=now.tzinfo) + period * spread
    return (now - epoch) // period > (last - epoch) // period
