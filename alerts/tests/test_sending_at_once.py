"""The outbox with several workers and clinics: each message once, again after a crash with the same key."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.utils import timezone

from accounts.tests.mails import tasks_run_at_once
from alerts.deliveries.parcels import CLAIMED_FOR, take
from alerts.deliveries.services import escalate_due, organizations_with_deliveries, send_due
from alerts.deliveries.tasks import escalate, send_deliveries
from alerts.models import Channel, Delivery, Episode
from alerts.tests.receiver import Receiver
from alerts.tests.sending import held_until, in_a_thread, mailed, planned, rows, the_row
from alerts.tests.telling import start_anew
from tests.clinics import Clinic

committed = pytest.mark.django_db(transaction=True)


@committed
def test_what_a_dead_worker_took_is_sent_by_the_next_one(clinic: Clinic, webhook: Channel, receiver: Receiver) -> None:
    """Dead between claiming and writing: nobody knows whether it was sent, so it is sent with the same key."""
    episode = planned(clinic)
    parcels, _ = take(limit=5, now=timezone.now())
    (parcel,) = parcels
    parcel.kind.send(settings=parcel.settings, to=parcel.to, message=parcel.message)
    assert send_due() == 0
    with time_machine.travel(timezone.now() + CLAIMED_FOR + timedelta(seconds=1)):
        assert send_due() == 1
    assert the_row(episode).state == "sent"
    assert len({one.headers["Idempotency-Key"] for one in receiver.received}) == 1


@committed
def test_a_worker_that_was_thought_dead_does_not_overwrite_the_result(
    clinic: Clinic, webhook: Channel, receiver: Receiver
) -> None:
    episode = planned(clinic)
    receiver.hold, receiver.answers = threading.Event(), [(503, b"")]
    slow = in_a_thread(clinic, send_due)
    assert receiver.arrived.wait(20)
    hold, receiver.hold = receiver.hold, None
    with time_machine.travel(timezone.now() + CLAIMED_FOR + timedelta(seconds=1)):
        assert send_due() == 1
    hold.set()
    slow.join(30)
    assert the_row(episode).state == "sent"


@committed
def test_two_workers_send_each_message_once(clinic: Clinic, webhook: Channel, receiver: Receiver) -> None:
    for number in range(40):
        planned(clinic, rule_code=f"rule_{number}")
    workers = [in_a_thread(clinic, send_due) for _ in range(2)]
    for worker in workers:
        worker.join(60)
    keys = [one.headers["Idempotency-Key"] for one in receiver.received]
    assert len(keys) == len(set(keys)) == 40


@committed
def test_two_sweeps_escalate_once(clinic: Clinic) -> None:
    episode = planned(clinic)
    later = timezone.now() + timedelta(minutes=5)
    sweeps = [in_a_thread(clinic, lambda: escalate_due(later)) for _ in range(4)]
    for one in sweeps:
        one.join(60)
    assert len([row for row in rows(episode) if row.reason == "escalated"]) == 2
    with transaction.atomic():
        assert episode.events.filter(kind="escalated").count() == 1


@committed
def test_clinics_with_something_to_send_are_found_without_a_scope(northside: Clinic, southside: Clinic) -> None:
    for clinic in (northside, southside):
        with clinic.scope(), transaction.atomic():
            start_anew(clinic)
    with northside.scope():
        episode = planned(northside)
    assert organizations_with_deliveries() == [northside.organization.id]
    with northside.scope(), transaction.atomic():
        held_until(episode, timezone.now() + timedelta(hours=1))
    assert organizations_with_deliveries() == []
    with northside.scope(), transaction.atomic():
        Delivery.objects.of_episode(episode).update(state="sending", claimed_until=timezone.now())
    assert organizations_with_deliveries() == [northside.organization.id]


@committed
def test_tasks_send_and_escalate_what_is_due_in_every_clinic(
    northside: Clinic, southside: Clinic, receiver: Receiver
) -> None:
    for clinic in (northside, southside):
        with clinic.scope():
            with transaction.atomic():
                start_anew(clinic)
            episode = planned(clinic)
            with transaction.atomic():
                past = timezone.now() - timedelta(minutes=1)
                Episode.objects.filter(pk=episode.pk).update(next_escalation_at=past)
                Delivery.objects.of_episode(episode).update(next_attempt_at=past)
    with tasks_run_at_once():
        send_deliveries()
        escalate()
    everybody = {f"{role}@{code}.example" for role in ("owner", "admin") for code in ("northside", "southside")}
    assert mailed() == everybody
    assert len(mail.outbox) == 8
