from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from dexcom_sync.client.errors import DexcomError, RateLimited, ServerTrouble, Unreadable

MOST_TRIES = 5
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 2.0, 120.0
LONGEST_RETRY_AFTER_SECONDS = 3600.0


def seconds_to_next_try(error: DexcomError, tries: int, *, chance: Callable[[], float] = random.random) -> float | None:
    """``tries``: how often it was tried already. None: do not try again; hand it back to the schedule.

    Only for data: a token request is never repeated by itself. ``chance`` gives a number from 0 to 1: the full wait is
    random, so that workers that failed together do not come back together.
    """
    if tries >= MOST_TRIES or not isinstance(error, RateLimited | ServerTrouble | Unreadable):
        return None
    if not isinstance(error, Unreadable) and error.retry_after is not None:
        return min(error.retry_after, LONGEST_RETRY_AFTER_SECONDS)
    return chance() * min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** (tries - 1))


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds; the header gives them, or a date."""
    text = (value or "").strip()
    if not text or len(text) > 64:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_RETRY_AFTER_SECONDS)
    date = read_http_date(text)
    if date is None:
        return None
    return min(max(0.0, (date - now).total_seconds()), LONGEST_RETRY_AFTER_SECONDS)


def read_http_date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
