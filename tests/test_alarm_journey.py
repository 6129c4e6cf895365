"""From a device's post over HTTP to the nurse's open stream, her mail and her acknowledgement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from alerts.deliveries.services import send_due
from alerts.evaluation.everywhere import evaluate_all_due
from alerts.tests.evaluating import episodes, steps
from edge.tests.streaming import post, socket
from tests.clinics import Clinic

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise(1)]


@pytest.fixture
def nurse(northside: Clinic, live_url: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {northside.access_token('nurse')}"}
    with httpx.Client(base_url=f"{live_url}/api/v1", headers=headers) as client:
        yield client


def test_an_urgent_low_reaches_the_clinic_and_is_acknowledged(
    live_url: str, northside: Clinic, southside: Clinic, nurse: httpx.Client
) -> None:
    evaluate_all_due()
    with (
        socket(live_url, northside.access_token("nurse"), "/ws/alerts") as ours,
        socket(live_url, southside.access_token("nurse"), "/ws/alerts") as theirs,
    ):
        post(live_url, northside, glucoseValue=52)
        evaluate_all_due()
        (episode,) = episodes(northside, "urgent_low")
        heard = ours.until(lambda event: event["type"] == "alert.confirmed" and event["data"]["rule"] == "urgent_low")
        assert (heard["patient"], heard["data"]["id"]) == ("user_5678", str(episode.public_id))
        # No glucose travels: of the values only the alarm's own id is a number at all, and that one may hold a 52.
        assert "52" not in str([value for name, value in heard["data"].items() if name != "id"])
        answer = nurse.post(f"/alerts/{episode.public_id}/acknowledge")
        assert answer.status_code == 200, answer.text
        ours.until(lambda event: event["type"] == "alert.acknowledged")
        # The other clinic's stream lives, and tells of its own alarm first of all.
        post(live_url, southside, glucoseValue=53)
        evaluate_all_due()
        first = theirs.next()
        assert first["data"]["id"] in {str(one.public_id) for one in episodes(southside)}
    assert steps(northside, episode) == ["opened", "confirmed", "acknowledged"]
    (listed,) = [one for one in nurse.get("/alerts").json()["items"] if one["id"] == str(episode.public_id)]
    assert listed["acknowledgedAt"]


def test_nobody_looked_for_40_minutes_and_no_reading_came_after_the_alarm_is_told_and_says_that_it_is_late(
    live_url: str, northside: Clinic, southside: Clinic
) -> None:
    evaluate_all_due()
    post(live_url, northside, glucoseValue=48)
    mail.outbox.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=40)):
        evaluate_all_due()
        with northside.scope():
            assert send_due() >= 1
    (episode,) = episodes(northside, "urgent_low")
    assert (episode.is_late, episode.state) == (True, "active")
    late = [message.body for message in mail.outbox if "Urgent low" in f"{message.subject}{message.body}"]
    assert late
    assert all("This message is late: the alarm was found on" in body for body in late)


def test_the_mail_says_no_more_than_the_clinic_allows(live_url: str, northside: Clinic, southside: Clinic) -> None:
    post(live_url, northside, glucoseValue=52)
    evaluate_all_due()
    mail.outbox.clear()
    with northside.scope():
        send_due()
    told = [message for message in mail.outbox if "Urgent low" in f"{message.subject}{message.body}"]
    assert told
    everything = "".join(f"{message.subject}{message.body}" for message in mail.outbox)
    assert "user_5678" in everything
    # Ids and clocks hold every number sooner or later.
    assert "52" not in re.sub(r"[0-9a-f-]{36}|\d{1,2}:\d{2}|user_5678", "", everything)
    assert northside.patients[0].last_name not in everything
    members = {member.email for member in northside.people.values()}
    assert {address for message in mail.outbox for address in message.to} <= members
