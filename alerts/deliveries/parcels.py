"""Taking messages out of the outbox: each is one worker's for a minute, with all that sending it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from accounts.organizations import current_organization
from alerts.deliveries.channels import KINDS, Kind, Message, NotSent
from alerts.deliveries.messages import message_of
from alerts.deliveries.planning import tell_owners_instead
from alerts.models import Channel, ClinicAlarms, Delivery, Snooze
from tenancy.encryption.errors import Shredded

# Longer than the slowest channel takes. A worker that died is taken for dead after it.
CLAIMED_FOR = timedelta(seconds=60)
MOST_ATTEMPTS = 8

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """``refusal``: why it cannot be handed over at all."""

    delivery: Delivery
    kind: Kind
    settings: Mapping[str, str]
    to: str
    message: Message
    refusal: str = ""


@transaction.atomic
def take(*, limit: int, now: datetime) -> tuple[list[Parcel], int]:
    """Parcels to hand over, and how many rows were looked at. What nobody needs any more is put aside.

    New messages before those that failed already: a dead channel holds nobody up.
    """
    due = Delivery.objects.due(now).select_for_update(skip_locked=True, of=("self",), no_key=True)
    rows = list(
        due.select_related("episode", "patient", "member", "channel").order_by("attempts", "next_attempt_at", "id")[
            :limit
        ]
    )
    snoozed = _snoozed(rows, now)
    parcels = []
    for row in rows:
        if row.attempts >= MOST_ATTEMPTS:
            _put_aside(row, Delivery.State.GIVEN_UP, "The worker ended while it was sending, again and again.")
            tell_owners_instead(row, now)
        elif reason := _why_not(row, snoozed):
            _put_aside(row, Delivery.State.SKIPPED, reason)
        else:
            _claim(row, now)
            parcels.append(row)
    return _packed(parcels), len(rows)


@transaction.atomic
def take_one(delivery: Delivery, now: datetime) -> list[Parcel]:
    """Without a look at who snoozed: somebody asks for it now. Nothing where another worker has it."""
    due = Delivery.objects.due(now).select_for_update(skip_locked=True, of=("self",), no_key=True)
    rows = list(due.select_related("episode", "patient", "member", "channel").filter(pk=delivery.pk))
    for row in rows:
        _claim(row, now)
    return _packed(rows)


def _snoozed(rows: Sequence[Delivery], now: datetime) -> set[tuple[int, int]]:
    episodes = [row.episode_id for row in rows if row.episode_id is not None]
    return set(
        Snooze.objects.filter(episode_id__in=episodes, until__gt=now).values_list("episode_id", "member_id")
        if episodes
        else []
    )


def _why_not(row: Delivery, snoozed: set[tuple[int, int]]) -> str:
    """Empty: it is needed. An alarm that has ended is still told, once."""
    episode = row.episode
    if episode is None:
        return ""
    if (episode.pk, row.member_id) in snoozed:
        return "The person snoozed this alarm."
    is_first = row.reason == Delivery.Reason.OPENED and row.state != Delivery.State.HELD
    if not is_first and episode.acknowledged_at is not None and episode.acknowledged_at >= row.created_at:
        return "Somebody acknowledged the alarm before this was sent."
    if row.reason != Delivery.Reason.OPENED and not episode.is_open:
        return "The alarm ended before this was sent."
    return ""


def _put_aside(row: Delivery, state: str, result: str) -> None:
    Delivery.objects.filter(pk=row.pk).update(state=state, result=result, next_attempt_at=None, claimed_until=None)


def _claim(row: Delivery, now: datetime) -> None:
    row.state, row.attempts, row.claimed_until = Delivery.State.SENDING, row.attempts + 1, now + CLAIMED_FOR
    row.save(update_fields=["state", "attempts", "claimed_until"])


def _packed(rows: Sequence[Delivery]) -> list[Parcel]:
    if not rows:
        return []
    clinic = current_organization()
    chosen = ClinicAlarms.objects.first()
    detail = chosen.message_detail if chosen else ClinicAlarms.Detail.CODE
    parcels = []
    for row in rows:
        try:
            parcels.append(_parcel(row, message_of(row, clinic=clinic, detail=detail)))
        except Exception:
            # Claimed all the same: after some rounds it is given up and the owners hear of it. The others go now.
            log.exception("delivery_not_made", delivery=str(row.idempotency_key))
    return parcels


def _parcel(row: Delivery, message: Message) -> Parcel:
    channel: Channel | None = row.channel
    kind = KINDS[channel.kind if channel else Channel.Kind.EMAIL]
    try:
        settings = channel.opened_settings if channel else {}
        return Parcel(row, kind, settings, _address(row, kind, settings), message)
    except Shredded:
        return Parcel(row, kind, {}, "", message, refusal="The keys that open the channel's settings were destroyed.")
    except NotSent as error:
        return Parcel(row, kind, {}, "", message, refusal=error.result)


def _address(row: Delivery, kind: Kind, settings: Mapping[str, str]) -> str:
    if row.member is not None and not row.member.is_active:
        raise NotSent("This person is no longer a member of the clinic.")
    if row.channel is not None and not row.channel.is_on:
        raise NotSent("The channel is switched off.")
    if kind.member_address is None or row.member is None:
        return settings.get(kind.address_need or "", "")
    if address := str(getattr(row.member, kind.member_address)):
        return address
    raise NotSent(f"The member has no {kind.member_address}.")
