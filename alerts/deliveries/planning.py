"""Deciding who is told, as rows of the outbox, in the transaction of what they tell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts.deliveries.quiet import Hold, hold
from alerts.deliveries.recipients import Recipient, owners, recipients
from alerts.models import Channel, Delivery, Episode, PatientAlarms, Severity
from patients.models import Patient

# Nobody acknowledged: the next level is told so long after the one before. In all 5, 15 and 30 minutes.
STEPS = {1: timedelta(minutes=5), 2: timedelta(minutes=10), 3: timedelta(minutes=15)}
ESCALATED = (Severity.HIGH, Severity.CRITICAL)


def plan(episode: Episode, reason: str, now: datetime) -> int:
    """Tell the first contacts of an episode that was just confirmed; returns how many messages that makes.

    Also of one that has ended already: what was fresh on arrival is always told. Call it in the transaction that
    confirms the episode; it sets when the episode escalates and repeats, in the database and in ``episode``.
    """
    held = hold_of(episode, now)
    planned = write_deliveries(episode=episode, reason=reason, levels=[0], now=now, held=held)
    if episode.is_open:
        _set_times(episode, held, now)
    return planned


def hold_of(episode: Episode, now: datetime) -> Hold | None:
    alarms = PatientAlarms.objects.filter(patient_id=episode.patient_id).first()
    if alarms is None:
        return None
    return hold(episode=episode, alarms=alarms, zone=Patient.objects.get(pk=episode.patient_id).zone, now=now)


def write_deliveries(
    *, episode: Episode, reason: str, levels: Iterable[int], now: datetime, held: Hold | None = None
) -> int:
    """To the contacts of these levels; the rows name the last one."""
    levels = list(levels)
    told = recipients(episode=episode, levels=levels, now=now)
    told += _owners_beside_failing_channels(told)
    if reason == Delivery.Reason.REPEATED:
        told = _without_waiting(episode, told)
    return insert_deliveries(
        episode=episode, reason=reason, level=levels[-1], round=episode.repeats, told=told, now=now, held=held
    )


def insert_deliveries(
    *,
    episode: Episode,
    reason: str,
    level: int,
    round: int,
    told: Iterable[Recipient],
    now: datetime,
    held: Hold | None = None,
) -> int:
    """Those that are there already stay as they are; returns how many are new."""
    rows = [
        Delivery(
            episode_id=episode.pk,
            patient_id=episode.patient_id,
            channel_id=one.channel_id,
            member_id=one.member_id,
            recipient=one.name,
            reason=reason,
            level=level,
            round=round,
            state=Delivery.State.PENDING if held is None else Delivery.State.HELD,
            next_attempt_at=now if held is None else held.until,
        )
        for one in told
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return int(Delivery.objects.filter(idempotency_key__in=[row.idempotency_key for row in rows]).count())


def tell_owners_instead(delivery: Delivery, now: datetime) -> None:
    """By e-mail, where the way of ``delivery`` is closed. Once: the rows are there already the second time."""
    if delivery.episode is not None:
        insert_deliveries(
            episode=delivery.episode,
            reason=delivery.reason,
            level=delivery.level,
            round=delivery.round,
            told=[one for one in owners() if one.name != delivery.recipient],
            now=now,
        )


def _owners_beside_failing_channels(told: Iterable[Recipient]) -> list[Recipient]:
    """A dead channel must not be the only one that hears of an alarm."""
    channels = [one.channel_id for one in told if one.channel_id is not None]
    if not channels or not Channel.objects.filter(pk__in=channels, failing_since__isnull=False).exists():
        return []
    return owners()


def _without_waiting(episode: Episode, told: Iterable[Recipient]) -> list[Recipient]:
    """Who was not reached yet gets that message first, and not one more for every five minutes of an outage."""
    waiting = set(Delivery.objects.of_episode(episode).not_sent_yet().values_list("recipient", flat=True))
    return [one for one in told if one.name not in waiting]


def _set_times(episode: Episode, held: Hold | None, now: datetime) -> None:
    """Escalation counts from when somebody could have heard of it."""
    heard_at = now if held is None else held.until
    if heard_at is None:
        return
    again = repeat_after(episode) or again_after(episode)
    episode.next_escalation_at = heard_at + STEPS[1] if episode.severity in ESCALATED else None
    episode.next_repeat_at = heard_at + again if again else None
    Episode.objects.filter(pk=episode.pk).update(
        next_escalation_at=episode.next_escalation_at, next_repeat_at=episode.next_repeat_at
    )


def repeat_after(episode: Episode) -> timedelta | None:
    """How often it rings until somebody acknowledges, as the rule said when the episode opened."""
    return _minutes(episode, "repeat_minutes")


def again_after(episode: Episode) -> timedelta | None:
    """How long after an acknowledgement it rings once more where the alarm still holds."""
    return _minutes(episode, "again_minutes")


def _minutes(episode: Episode, name: str) -> timedelta | None:
    minutes = episode.rule.get(name)
    return timedelta(minutes=minutes) if minutes else None
