"""Windows of time to ask for: whole seconds, at most 30 days, and never one second between two of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

LONGEST = timedelta(days=30)
SHORTEST = timedelta(days=1)
SECOND = timedelta(seconds=1)


class Window(msgspec.Struct, frozen=True):
    """Both aware. Whether ``end`` belongs to it, Dexcom's documents do not agree: never depend on it."""

    start: datetime
    end: datetime


def format_query_time(instant: datetime) -> str:
    """In UTC without a zone; not isoformat(), which writes the +00:00 that Dexcom refuses."""
    if instant.tzinfo is None:
        raise ValueError("A time without a zone cannot be asked for; give an aware one.")
    utc = instant.astimezone(UTC)
    return f"{utc.year:04}-{utc.month:02}-{utc.day:02}T{utc.hour:02}:{utc.minute:02}:{utc.second:02}"


def whole_second(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)


def pieces(window: Window, *, longest: timedelta = LONGEST) -> list[Window]:
    """At most ``longest`` each, overlapping by a second; nothing for a window that is empty."""
    if not SECOND < longest <= LONGEST:
        raise ValueError("A piece is longer than a second and at most 30 days.")
    start, end = whole_second(window.start), whole_second(window.end)
    found = []
    while start < end:
        finish = min(end, start + longest)
        found.append(Window(start, finish))
        start = finish - SECOND if finish < end else end
    return found


def halves(window: Window) -> list[Window]:
    """After a time-out; the window itself where it is a day or less."""
    length = window.end - window.start
    if length <= SHORTEST:
        return [window]
    return pieces(window, longest=max(SHORTEST, min(length / 2 + SECOND, LONGEST)))
