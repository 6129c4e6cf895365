"""The outbox against real receivers: each message once, again after a crash, and somebody else where a way is dead."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from accounts.tests.mails import tasks_run_at_once
from alerts.deliveries import metrics
from alerts.deliveries.parcels import CLAIMED_FOR, MOST_ATTEMPTS, take
from alerts.deliveries.sending import wait_after
from alerts.deliveries.services import (
    create_contact,
    escalate_due,
    organizations_with_deliveries,
    plan,
    send_due,
    send_test,
)
from alerts.deliveries.tasks import escalate, send_deliveries
from alerts.models import Channel, ClinicAlarms, Delivery, Episode, Snooze
from alerts.tests.receiver import Receiver, running_receiver
from alerts.tests.telling import make_channel, make_episode, set_quiet, start_anew
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

SECRET = "correct-horse-battery-staple-0123456789"
committed = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOKS_MAY_REACH_LOOPBACK = True
    with running_receiver() as running:
        yield running


@pytest.fixture
def clinic(northside: Clinic) -> Iterator[Clinic]:
    """Every clinic of a test is told by mail alone, until it names contacts."""
    with northside.scope():
        with transaction.atomic():
            start_anew(northside)
        yield northside


@pytest.fixture
def webhook(clinic: Clinic, receiver: Receiver) -> Channel:
    with transaction.atomic():
        channel = make_channel("webhook", url=receiver.url, secret=SECRET)
        create_contact(position=0, channel=channel)
    return channel


def planned(clinic: Clinic, reason: str = "opened", **changes: Any) -> Episode:
    with transaction.atomic():
        episode = make_episode(clinic, **changes)
        plan(episode, reason, timezone.now())
    return episode


def rows(episode: Episode) -> list[Delivery]:
    with transaction.atomic():
        return list(Delivery.objects.of_episode(episode).order_by("id"))


def the_row(episode: Episode) -> Delivery:
    (row,) = [row for row in rows(episode) if row.channel_id is not None]
    return row


def mailed() -> set[str]:
    return {address for one in mail.outbox for address in one.to}


@pytest.mark.django_db
def test_a_message_is_sent_once_and_its_row_says_so(clinic: Clinic, webhook: Channel, receiver: Receiver) -> None:
    episode = planned(clinic)
    assert send_due() == 1
    assert send_due() == 0
    row = the_row(episode)
    assert (row.state, row.result, row.attempts) == ("sent", "Taken (HTTP 200).", 1)
    assert row.sent_at is not None
    (got,) = receiver.received
    assert got.headers["Idempotency-Key"] == str(row.idempotency_key)


@pytest.mark.django_db
@pytest.mark.parametrize("detail", ["none", "code", "value"])
def test_a_message_holds_what_the_clinic_allows(
    clinic: Clinic, webhook: Channel, receiver: Receiver, detail: str
) -> None:
    with audited_elsewhere("a test"):
        ClinicAlarms.objects.update_or_create(
            defaults={"preset": "standard", "preset_version": 1, "message_detail": detail}
        )
    planned(clinic, glucose=43)
    send_due()
    body = receiver.received[0].body.decode()
    assert ("user_5678" in body) is (detail != "none")
    assert ("43" in json.loads(body).get("glucose", "")) is (detail == "value")
    assert "Last Northside" not in body


@pytest.mark.django_db
def test_by_mail_where_nobody_is_named(clinic: Clinic) -> None:
    planned(clinic)
    assert send_due() == 2
    assert mailed() == {"owner@northside.example", "admin@northside.example"}


@pytest.mark.django_db
def test_a_failure_is_tried_again_later_with_the_same_key(clinic: Clinic, webhook: Channel, receiver: Receiver) -> None:
    episode = planned(clinic)
    receiver.answers = [(503, b"")]
    assert send_due() == 0
    row = the_row(episode)
    assert (row.state, row.result) == ("pending", "The server refused the message (HTTP 503).")
    assert send_due() == 0
    with time_machine.travel(row.next_attempt_at):
        assert send_due() == 1
    first, second = receiver.received
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_eight_tries_take_about_an_hour() -> None:
    waits = [wait_after(attempts) for attempts in range(1, MOST_ATTEMPTS)]
    assert timedelta(minutes=45) < sum(waits, timedelta()) < timedelta(minutes=90)
    assert len({wait_after(3) for _ in range(5)}) > 1


@pytest.mark.django_db
def test_a_message_is_given_up_after_eight_tries_and_the_owners_are_mailed(
    clinic: Clinic, webhook: Channel, receiver: Receiver
) -> None:
    episode = planned(clinic)
    receiver.always = (503, b"")
    moment = timezone.now()
    for _ in range(MOST_ATTEMPTS + 2):
        with time_machine.travel(moment):
            send_due()
        moment += timedelta(hours=1)
    row = the_row(episode)
    assert (row.state, row.attempts, len(receiver.received)) == ("given_up", MOST_ATTEMPTS, MOST_ATTEMPTS)
    assert mailed() == {"owner@northside.example"}


@pytest.mark.django_db
def test_a_refusal_for_good_is_not_tried_again_and_the_owners_are_mailed_at_once(
    clinic: Clinic, webhook: Channel, receiver: Receiver
) -> None:
    episode = planned(clinic)
    receiver.always = (401, b"")
    send_due()
    assert the_row(episode).state == "failed"
    assert mailed() == {"owner@northside.example"}


@pytest.mark.django_db
@pytest.mark.promise(47)
def test_an_address_that_leads_inside_fails_and_the_owners_are_mailed(clinic: Clinic, settings: Any) -> None:
    settings.WEBHOOKS_MAY_REACH_LOOPBACK = False
    with running_receiver() as inside:
        channel = make_channel("webhook", url=f"https://localhost:{inside.port}/", secret=SECRET)
        create_contact(position=0, channel=channel)
        episode = planned(clinic)
        send_due()
        assert inside.received == []
    assert the_row(episode).state == "failed"
    assert mailed() == {"owner@northside.example"}


@pytest.mark.django_db
def test_a_dead_channel_is_shown_and_what_waits_for_it_is_mailed(
    clinic: Clinic, webhook: Channel, receiver: Receiver
) -> None:
    receiver.always = (503, b"")
    episodes = [planned(clinic, rule_code=f"low_{number}") for number in range(2)]
    send_due()
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.failing_since, mail.outbox) == (2, None, [])
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        send_due()
    webhook.refresh_from_db()
    assert webhook.failing_since is not None
    assert webhook.last_result == "The server refused the message (HTTP 503)."
    owners_rows = [row for episode in episodes for row in rows(episode) if row.channel_id is None]
    assert {row.recipient for row in owners_rows} == {"owner@northside.example"}
    assert len(owners_rows) == 2


@pytest.mark.django_db
def test_a_channel_that_works_again_is_no_longer_shown_as_failing(
    clinic: Clinic, webhook: Channel, receiver: Receiver
) -> None:
    with audited_elsewhere("a test"):
        Channel.objects.filter(pk=webhook.pk).update(failures=5, failing_since=timezone.now())
    planned(clinic)
    send_due()
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.failing_since, webhook.last_result) == (0, None, "Taken (HTTP 200).")


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


def in_a_thread(clinic: Clinic, work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        with clinic.scope():
            work()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db
def test_one_message_that_cannot_be_made_does_not_stop_the_others(
    clinic: Clinic, webhook: Channel, receiver: Receiver
) -> None:
    broken = planned(clinic, rule_code="broken")
    other = make_channel("webhook", name="Broken", url=receiver.url, secret=SECRET)
    Delivery.objects.of_episode(broken).update(channel=other)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE alerts_channel SET settings = 'nothing that opens'::bytea WHERE id = %s", [other.pk])
    whole = planned(clinic, rule_code="whole")
    assert send_due() == 1
    assert the_row(whole).state == "sent"
    moment = timezone.now()
    for _ in range(MOST_ATTEMPTS):
        moment += CLAIMED_FOR + timedelta(seconds=1)
        with time_machine.travel(moment):
            send_due()
    assert the_row(broken).state == "given_up"
    assert mailed() == {"owner@northside.example"}


@pytest.mark.django_db
def test_what_was_held_is_sent_in_the_morning_once(clinic: Clinic) -> None:
    now = timezone.now()
    clock = now.astimezone(clinic.patients[0].zone)
    until = now + timedelta(hours=2)
    set_quiet(
        clinic,
        quiet_from=(clock - timedelta(hours=1)).time().replace(second=0, microsecond=0),
        quiet_until=(clock + timedelta(hours=2)).time().replace(second=0, microsecond=0),
    )
    planned(clinic, severity="high")
    assert send_due() == 0
    with time_machine.travel(until):
        assert send_due() == 2


def held_until(episode: Episode, moment: datetime) -> None:
    Delivery.objects.of_episode(episode).update(state="held", next_attempt_at=moment)


@pytest.mark.django_db
def test_what_was_acknowledged_meanwhile_is_not_sent_in_the_morning(clinic: Clinic) -> None:
    episode = planned(clinic, severity="high")
    held_until(episode, timezone.now())
    Episode.objects.filter(pk=episode.pk).update(acknowledged_at=timezone.now())
    assert send_due() == 0
    assert {row.state for row in rows(episode)} == {"skipped"}


@pytest.mark.django_db
def test_the_first_message_is_sent_also_of_an_alarm_that_is_over_and_acknowledged(clinic: Clinic) -> None:
    episode = planned(clinic)
    now = timezone.now()
    Episode.objects.filter(pk=episode.pk).update(acknowledged_at=now, state="resolved", ended_at=now)
    assert send_due() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("ends", [{"acknowledged_at": timezone.now}, {"state": lambda: "resolved"}])
def test_an_escalation_that_nobody_needs_any_more_is_not_sent(clinic: Clinic, ends: dict[str, Any]) -> None:
    episode = planned(clinic)
    Delivery.objects.of_episode(episode).update(reason="escalated")
    values = {name: value() for name, value in ends.items()}
    Episode.objects.filter(pk=episode.pk).update(**values)
    assert send_due() == 0
    assert {row.state for row in rows(episode)} == {"skipped"}


@pytest.mark.django_db
def test_a_person_who_snoozed_meanwhile_is_left_alone(clinic: Clinic) -> None:
    episode = planned(clinic)
    until = timezone.now() + timedelta(minutes=20)
    Snooze.objects.create(episode=episode, patient=clinic.patients[0], member=clinic.people["owner"], until=until)
    send_due()
    assert mailed() == {"admin@northside.example"}


@pytest.mark.django_db
def test_a_person_who_left_is_not_written_to(clinic: Clinic) -> None:
    create_contact(position=0, member=clinic.people["nurse"])
    episode = planned(clinic)
    with audited_elsewhere("a test"):
        type(clinic.people["nurse"]).objects.filter(pk=clinic.people["nurse"].pk).update(is_active=False)
    send_due()
    assert mailed() == {"owner@northside.example"}
    assert [row.state for row in rows(episode)] == ["failed", "sent"]


@pytest.mark.django_db
def test_a_test_of_a_channel_is_tried_once_and_tells_what_came_of_it(
    clinic: Clinic, webhook: Channel, receiver: Receiver
) -> None:
    good = send_test(channel=webhook)
    send_due()
    receiver.always = (503, b"")
    bad = send_test(channel=webhook)
    send_due()
    for row in (good, bad):
        row.refresh_from_db()
    assert (good.state, bad.state) == ("sent", "failed")
    assert bad.result == "The server refused the message (HTTP 503)."
    assert json.loads(receiver.received[0].body)["type"] == "alert.test"
    assert mail.outbox == []


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


@pytest.mark.django_db
def test_the_age_of_what_waits_and_failures_by_kind_are_told(
    clinic: Clinic, webhook: Channel, receiver: Receiver
) -> None:
    before = metrics.failures_of("webhook")
    receiver.always = (503, b"")
    planned(clinic)
    send_due()
    assert metrics.failures_of("webhook") == before + 1
    metrics.note_oldest_due(timezone.now() - timedelta(seconds=90))
    assert 89 < metrics.waiting_seconds() < 95
    metrics.note_oldest_due(None)
    assert metrics.waiting_seconds() == 0
