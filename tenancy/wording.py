"""Spans of time in words, as they stand beside what is live: coarse, and never negative."""

from __future__ import annotations

from datetime import timedelta


def age_words(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    hours, rest = divmod(minutes, 60)
    if hours < 6:
        return f"{hours} h {rest:02d} min ago"
    return f"{hours} h ago" if hours < 48 else f"{hours // 24} days ago"
