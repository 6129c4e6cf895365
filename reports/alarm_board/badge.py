from __future__ import annotations

from alerts.models import Episode

MOST_COUNTED = 100


def badge_words() -> str:
    """How many alarms wait for somebody, beside the word in the side bar of every page; empty where there are none."""
    waiting = Episode.objects.alarming().unacknowledged().order_by().values("pk")[:MOST_COUNTED].count()
    if waiting >= MOST_COUNTED:
        return f"{MOST_COUNTED - 1}+"
    return str(waiting) if waiting else ""
