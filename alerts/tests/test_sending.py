"""The outbox against real receivers: each message once, and somebody else where a way is dead."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.utils import timezone

from alerts.deliveries import metrics
from alerts.deliveries.parcels import CLAIMED_FOR, MOST_ATTEMPTS
from alerts.deliveries.sending import wait_after
from alerts.deliveries.services import create_contact, send_due, send_test
from alerts.models import Channel, ClinicAlarms, Delivery
from alerts.tests.receiver import Receiver, running_receiver
from alerts.tests.sending import SECRET, mailed, planned, rows, the_row
from alerts.tests.telling import make_channel
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic


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
