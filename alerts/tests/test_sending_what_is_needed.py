"""What is still sent when its hour comes: what somebody needs to hear, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from alerts.deliveries.services import create_contact, send_due
from alerts.models import Delivery, Episode, Snooze
from alerts.tests.sending import held_until, mailed, planned, rows
from alerts.tests.telling import set_quiet
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic


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
