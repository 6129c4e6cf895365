"""The one way to a step of an episode: a row that stays, and news for the live streams once it is committed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import Membership
from alerts.models import Episode, EpisodeEvent
from tenancy.live import Notice, publish_after_commit

Kind = EpisodeEvent.Kind
# What was dismissed before it was an alarm is over as well, for whoever heard that it was opened.
TOLD_AS = {
    Kind.OPENED: "alert.opened",
    Kind.CONFIRMED: "alert.confirmed",
    Kind.ACKNOWLEDGED: "alert.acknowledged",
    Kind.ESCALATED: "alert.escalated",
    # Boards ring again.
    Kind.CALLED_AGAIN: "alert.escalated",
    Kind.RESOLVED: "alert.resolved",
    Kind.DISMISSED: "alert.resolved",
}


def add_step(
    *,
    episode: Episode,
    kind: str,
    at: datetime,
    member: Membership | None = None,
    glucose: int | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """By ``member``, or else by the rule. Call it in the transaction of the change, after it."""
    EpisodeEvent.objects.create(
        episode=episode,
        patient_id=episode.patient_id,
        kind=kind,
        at=at,
        glucose=glucose,
        actor_kind="rule" if member is None else "person",
        actor_id=episode.rule_code if member is None else str(member.user_public_id),
        actor_name=episode.rule_name if member is None else member.name,
        detail=detail or {},
    )
    if told_as := TOLD_AS.get(Kind(kind)):
        publish_after_commit([Notice(told_as, at, patient_id=episode.patient_id, data=_news(episode))])


def _news(episode: Episode) -> dict[str, Any]:
    """No value: Valkey holds where to look and not what is seen."""
    return {
        "id": str(episode.public_id),
        "kind": episode.kind,
        "rule": episode.rule_code,
        "name": episode.rule_name,
        "severity": episode.severity,
        "state": episode.state,
        "isLate": episode.is_late,
        "doubts": episode.doubts,
    }
