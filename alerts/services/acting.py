"""What the acts of people on an alarm have in common: who may, and how each is written down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied

from accounts.models import Membership
from accounts.roles import role_allows
from alerts.models import Episode, EpisodeEvent
from alerts.steps import add_step
from audit.actions import Action
from audit.services import record
from tenancy.refusals import Refusal

ACTING = "alerts.change_episode"


class ActRefused(Refusal):
    status_code = 409


def refuse_who_may_not_act(member: Membership) -> None:
    """Also where a service is called by something other than a route: no act without a person who answers for it."""
    if not member.is_active or not role_allows(member.role, ACTING):
        raise PermissionDenied("Only members of the clinic's staff act on alarms.")


def refuse_what_is_no_alarm(episode: Episode) -> None:
    if episode.confirmed_at is None:
        raise ActRefused("This is not an alarm: its rule has not confirmed it.")


def write_act(
    *,
    episode: Episode,
    member: Membership,
    kind: EpisodeEvent.Kind,
    at: datetime,
    detail: dict[str, Any] | None = None,
    changes: dict[str, tuple[Any, Any]] | None = None,
) -> None:
    """The step on the alarm's own timeline, and the entry in the ledger, in the transaction of the change."""
    add_step(episode=episode, kind=kind, at=at, member=member, detail=detail)
    record(
        action=Action.UPDATE,
        object_type="alerts.episode",
        object_id=str(episode.public_id),
        patient_id=episode.patient_id,
        changes=changes,
        reason=kind.value,
    )
