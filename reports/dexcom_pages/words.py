from __future__ import annotations

from datetime import timedelta


def age_words(age: timedelta) -> str:
    """ "35 min", "2 h 05 min", "4 days"."""
    minutes = max(round(age.total_seconds() / 60), 0)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes // (24 * 60):,} days"
