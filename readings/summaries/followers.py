"""Who keeps something that follows from day summaries: told of new ones in the transaction that made them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

Follower = Callable[[int, Collection[date]], None]

_followers: list[Follower] = []


def register_summary_follower(follow: Follower) -> None:
    """``follow`` gets the patient's key and the days that were summarised anew; what it raises takes them back."""
    _followers.append(follow)


def tell_followers(patient_id: int, days: Collection[date]) -> None:
    for follow in _followers:
        follow(patient_id, days)
