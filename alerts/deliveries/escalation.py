"""Telling more people, and the same ones again, until a person acknowledges."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from alerts.deliveries.planning import STEPS, again_after, hold_of, repeat_after, write_deliveries
from alerts.models import Delivery, Episode, EpisodeEvent
from alerts.models.delivery import LAST_LEVEL
from alerts.steps import add_step
from tenancy.directory import organizations_named_by
from tenancy.scope import required_organization_id

EPISODES_PER_RUN = 500
# After an outage everybody is due at once: each level gets this long before the next one is called.
LEAST_STEP = timedelta(minutes=5)

log = structlog.get_logger(__name__)


def organizations_to_escalate() -> list[int]:
    return organizations_named_by("alerts_organizations_to_escalate")


def escalate_due(now: datetime) -> int:
    """Of the clinic in scope; returns how many messages that makes. Each episode in a transaction of its own.

    One that fails is logged and does not stop the rest.
    """
    with transaction.atomic():
        due = Episode.objects.due_to_tell_again(now).order_by("id").values_list("pk", flat=True)
        numbers = list(due[:EPISODES_PER_RUN])
    planned = 0
    for pk in numbers:
        try:
            planned += tell_again(pk, now)
        except Exception:
            log.exception("episode_not_escalated", organization=required_organization_id(), episode=pk)
    return planned


@transaction.atomic
def tell_again(pk: int, now: datetime) -> int:
    # Held until the end: whoever acknowledges meanwhile waits, and their word is the last.
    episode = Episode.objects.select_for_update(no_key=True).get(pk=pk)
    if episode.kind == Episode.Kind.EMERGENCY:
        return _tell_of_emergency(episode, now)
    planned = 0
    if episode.next_escalation_at is not None and episode.next_escalation_at <= now:
        planned += _escalate(episode, now)
    if episode.next_repeat_at is not None and episode.next_repeat_at <= now:
        planned += _repeat(episode, now)
    return planned


def _tell_of_emergency(episode: Episode, now: datetime) -> int:
    """Everybody at every level at once, and again until somebody acknowledges, or when it was called for again."""
    due, called_at, seen_at = episode.next_repeat_at, episode.found_at, episode.acknowledged_at
    if due is None or due > now:
        return 0
    if not episode.is_open or (seen_at is not None and (called_at is None or seen_at >= called_at)):
        _change(episode, next_repeat_at=None)
        return 0
    reason = Delivery.Reason.OPENED if episode.repeats == 0 else Delivery.Reason.REPEATED
    told = write_deliveries(episode=episode, reason=reason, levels=range(LAST_LEVEL + 1), now=now)
    every = repeat_after(episode) or LEAST_STEP
    _change(episode, next_repeat_at=now + every, repeats=episode.repeats + 1, escalation_level=LAST_LEVEL)
    return told


def _escalate(episode: Episode, now: datetime) -> int:
    due = episode.next_escalation_at
    if due is None or not episode.is_open or episode.acknowledged_at is not None:
        _change(episode, next_escalation_at=None)
        return 0
    if held := hold_of(episode, now):
        _change(episode, next_escalation_at=None if held.until is None else held.until + STEPS[1])
        return 0
    level = episode.escalation_level + 1
    step = STEPS.get(level + 1)
    then = None if step is None else max(due + step, now + LEAST_STEP)
    _change(episode, escalation_level=level, next_escalation_at=then)
    told = write_deliveries(episode=episode, reason=Delivery.Reason.ESCALATED, levels=[level], now=now)
    add_step(episode=episode, kind=EpisodeEvent.Kind.ESCALATED, at=now, detail={"level": level, "told": told})
    return told


def _repeat(episode: Episode, now: datetime) -> int:
    then, rings = _next_repeat(episode, now)
    if then is not None and rings and (held := hold_of(episode, now)):
        then, rings = held.until, False
    if not rings:
        _change(episode, next_repeat_at=then)
        return 0
    _change(episode, next_repeat_at=then, repeats=episode.repeats + 1)
    levels = range(episode.escalation_level + 1)
    return write_deliveries(episode=episode, reason=Delivery.Reason.REPEATED, levels=levels, now=now)


def _next_repeat(episode: Episode, now: datetime) -> tuple[datetime | None, bool]:
    """When to look again, and whether it rings now."""
    if not episode.is_open:
        return None, False
    if episode.acknowledged_at is None:
        every = repeat_after(episode)
        return (now + every, True) if every else (None, False)
    again = again_after(episode)
    if again is None:
        return None, False
    if now < episode.acknowledged_at + again:
        return episode.acknowledged_at + again, False
    return now + again, episode.state == Episode.State.ACTIVE


def _change(episode: Episode, **values: object) -> None:
    Episode.objects.filter(pk=episode.pk).update(**values)
    for name, value in values.items():
        setattr(episode, name, value)
