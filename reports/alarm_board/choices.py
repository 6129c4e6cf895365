"""Which alarms the board shows, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, IntegerField, Q, Value, When

from alerts.models import Episode, EpisodeQuerySet, Severity, Snooze

SEVERITIES = {"": "Every severity", **{name.value: name.label for name in reversed(Severity)}}
WHOSE = {"": "All alarms", "unacknowledged": "Nobody has acknowledged", "mine": "Mine"}
STATES = {
    "": "Open",
    Episode.State.ACTIVE.value: "In alarm now",
    Episode.State.EASING.value: "Closing",
}
_URGENCY = Case(
    *(When(severity=severity, then=Value(place)) for place, severity in enumerate(reversed(Severity.values))),
    output_field=IntegerField(),
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the address asks for; anything unknown falls back to no choice."""

    severity: str
    whose: str
    state: str
    page: str

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> Choices:
        severity, whose, state = sent.get("severity", ""), sent.get("whose", ""), sent.get("state", "")
        return cls(
            severity=severity if severity in SEVERITIES else "",
            whose=whose if whose in WHOSE else "",
            state=state if state in STATES else "",
            page=sent.get("page", "1"),
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.severity or self.whose or self.state)

    def episodes(self, member_id: int | None) -> EpisodeQuerySet:
        """Of what is open, most urgent first: by severity, what nobody looks after yet, the newest."""
        episodes: EpisodeQuerySet = Episode.objects.alarming().confirmed()
        if self.severity:
            episodes = episodes.filter(severity=self.severity)
        if self.state:
            episodes = episodes.filter(state=self.state)
        if self.whose == "unacknowledged":
            episodes = episodes.unacknowledged()
        if self.whose == "mine":
            episodes = episodes.filter(Q(assigned_to_id=member_id) | Q(acknowledged_by_id=member_id))
        return most_urgent_first(episodes)


def most_urgent_first(episodes: EpisodeQuerySet) -> EpisodeQuerySet:
    return episodes.order_by(_URGENCY, F("acknowledged_at").asc(nulls_first=True), "-confirmed_at", "-id")


def audible(member_id: int | None, now: datetime) -> EpisodeQuerySet:
    """What this person should still hear: nobody has acknowledged it, and they have not snoozed it."""
    episodes: EpisodeQuerySet = most_urgent_first(Episode.objects.alarming().unacknowledged())
    if member_id is None:
        return episodes
    snoozed = Snooze.objects.filter(member_id=member_id, until__gt=now).values("episode_id")
    return episodes.exclude(pk__in=snoozed)
