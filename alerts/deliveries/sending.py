"""Handing messages over, outside any transaction, and writing what came of each.

A worker that dies in between has sent or not; the next one sends again, with the same idempotency key.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Min
from django.utils import timezone

from alerts.deliveries.channels import NotSent
from alerts.deliveries.metrics import note_failure, note_success
from alerts.deliveries.parcels import MOST_ATTEMPTS, Parcel, take, take_one
from alerts.deliveries.planning import tell_owners_instead
from alerts.models import Channel, Delivery
from tenancy.directory import organizations_named_by
from tenancy.managers import audited_elsewhere
from tenancy.scope import required_organization_id

AT_ONCE = 8
FAILING_AFTER = 3
# Eight tries over about an hour: 10 s, 25 s, a minute, 2.5, 6.5, 16 and 40 minutes after each other.
_FIRST_WAIT, _FACTOR = 10.0, 2.5

log = structlog.get_logger(__name__)


def organizations_with_deliveries() -> list[int]:
    return organizations_named_by("alerts_organizations_with_deliveries")


def send_now(delivery: Delivery) -> Delivery:
    """This one, while somebody waits; call it outside a transaction. A worker may have taken it already."""
    for parcel in take_one(delivery, timezone.now()):
        _write(parcel, *_hand_over(parcel))
    with transaction.atomic():
        delivery.refresh_from_db()
    return delivery


def send_due(limit: int = 200) -> int:
    """Send what is due in the clinic in scope, at most ``limit`` messages; returns how many were taken by a channel.

    Call it outside a transaction. Several workers divide the messages among them.
    """
    looked_at, sent = 0, 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="delivery") as threads:
        while looked_at < limit:
            parcels, seen = take(limit=min(AT_ONCE, limit - looked_at), now=timezone.now())
            if not seen:
                break
            looked_at += seen
            work = {threads.submit(_hand_over, parcel): parcel for parcel in parcels}
            for done in as_completed(work):
                result, failure = done.result()
                sent += failure is None
                _write(work[done], result, failure)
    return sent


@transaction.atomic
def oldest_due() -> datetime | None:
    """Since when a message of the clinic in scope has been waiting to be sent."""
    found: datetime | None = Delivery.objects.due(timezone.now()).aggregate(oldest=Min("next_attempt_at"))["oldest"]
    return found


def _hand_over(parcel: Parcel) -> tuple[str, NotSent | None]:
    """In a thread: no database here."""
    try:
        if parcel.refusal:
            raise NotSent(parcel.refusal, is_final=True)
        return parcel.kind.send(settings=parcel.settings, to=parcel.to, message=parcel.message), None
    except NotSent as failure:
        return failure.result, failure
    except Exception as error:  # noqa: BLE001
        # What a channel did not foresee ends no worker. The text of the error may hold the message or a secret.
        log.error("delivery_failed_unexpectedly", kind=parcel.kind.kind, error=type(error).__name__)  # noqa: TRY400
        unforeseen = NotSent(f"Sending failed ({type(error).__name__}).")
        return unforeseen.result, unforeseen


@transaction.atomic
def _write(parcel: Parcel, result: str, failure: NotSent | None) -> None:
    delivery = parcel.delivery
    now = timezone.now()
    values: dict[str, object] = {"result": result, "claimed_until": None, "next_attempt_at": None}
    values["text"] = parcel.message.text
    if failure is None:
        values |= {"state": Delivery.State.SENT, "sent_at": now}
    elif failure.is_final or delivery.reason == Delivery.Reason.TEST:
        values["state"] = Delivery.State.FAILED
    elif delivery.attempts >= MOST_ATTEMPTS:
        values["state"] = Delivery.State.GIVEN_UP
    else:
        values |= {"state": Delivery.State.PENDING, "next_attempt_at": now + wait_after(delivery.attempts)}
    mine = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.SENDING, claimed_until=delivery.claimed_until)
    if not mine.update(**values):
        log.warning("delivery_was_taken_over", delivery=str(delivery.idempotency_key))
        return
    if failure is None:
        note_success(parcel.kind.kind)
        _note_success(delivery, result)
        return
    note_failure(parcel.kind.kind, is_final=values["state"] != Delivery.State.PENDING)
    is_failing = _note_failure(delivery, result, now)
    if is_failing or values["state"] != Delivery.State.PENDING:
        tell_owners_instead(delivery, now)


def wait_after(attempts: int) -> timedelta:
    """Spread by a fifth, so that what failed together does not come again together."""
    spread = random.uniform(0.8, 1.2)  # noqa: S311
    return timedelta(seconds=_FIRST_WAIT * _FACTOR ** (attempts - 1) * spread)


def _note_success(delivery: Delivery, result: str) -> None:
    if delivery.channel_id is not None:
        with audited_elsewhere("what came of messages stands in their rows"):
            Channel.objects.filter(pk=delivery.channel_id).update(
                failures=0, failing_since=None, last_result=result, last_sent_at=timezone.now()
            )


def _note_failure(delivery: Delivery, result: str, now: datetime) -> bool:
    """Whether the channel is failing by now. Then what waits for it is also mailed to the owners, at once."""
    if delivery.channel_id is None:
        return False
    channels = Channel.objects.filter(pk=delivery.channel_id)
    with audited_elsewhere("what came of messages stands in their rows"):
        channels.update(failures=F("failures") + 1, last_result=result)
        begins = channels.filter(failures__gte=FAILING_AFTER, failing_since__isnull=True).update(failing_since=now)
    if begins:
        log.error("alarm_channel_failing", organization=required_organization_id(), channel=delivery.channel_id)
        waiting = Delivery.objects.not_sent_yet().exclude(state=Delivery.State.HELD)
        for other in waiting.filter(channel_id=delivery.channel_id).exclude(pk=delivery.pk).select_related("episode"):
            tell_owners_instead(other, now)
    return bool(channels.filter(failing_since__isnull=False).exists())
