"""Who is told of an alarm, and when: rows in the outbox, written with the alarm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone

from alerts.deliveries.services import create_contact, plan
from alerts.models import Channel, Delivery, Episode, Snooze
from alerts.tests.telling import make_channel, make_episode, of_state, set_quiet, start_anew
from patients.care_team import add_to_care_team
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic(northside: Clinic) -> Iterator[Clinic]:
    with northside.scope():
        start_anew(northside)
        yield northside


def told(clinic: Clinic, episode: Episode | None = None, now: datetime | None = None) -> list[str]:
    episode = episode or make_episode(clinic)
    planned = plan(episode, "opened", now or timezone.now())
    names = list(Delivery.objects.of_episode(episode).order_by("recipient").values_list("recipient", flat=True))
    assert planned == len(names)
    return names


def test_nobody_named_means_those_who_answer_and_the_care_team(clinic: Clinic) -> None:
    add_to_care_team(patient=clinic.patients[0], member=clinic.people["nurse"])
    add_to_care_team(patient=clinic.patients[1], member=clinic.people["clinician"])
    assert told(clinic) == [f"{role}@northside.example" for role in ("admin", "nurse", "owner")]


@pytest.mark.parametrize("severity", ["low", "medium", "high"])
def test_lesser_alarms_too_go_to_somebody(clinic: Clinic, severity: str) -> None:
    assert told(clinic, make_episode(clinic, severity=severity)) == [
        "admin@northside.example",
        "owner@northside.example",
    ]


def test_contacts_of_level_0_are_told_and_no_others(clinic: Clinic) -> None:
    channel = make_channel("webhook")
    create_contact(position=0, member=clinic.people["clinician"])
    create_contact(position=0, channel=channel)
    create_contact(position=1, member=clinic.people["nurse"])
    assert set(told(clinic)) == {"clinician@northside.example", str(channel.public_id)}


def test_a_contact_of_worse_alarms_leaves_lesser_ones_to_nobody(clinic: Clinic) -> None:
    create_contact(position=0, member=clinic.people["clinician"], minimum_severity="high")
    assert told(clinic, make_episode(clinic, severity="medium")) == []
    assert told(clinic, make_episode(clinic, severity="high", rule_code="low")) == ["clinician@northside.example"]


def test_a_grave_alarm_finds_somebody_where_every_contact_is_gone(clinic: Clinic) -> None:
    create_contact(position=0, member=clinic.people["clinician"])
    create_contact(position=0, channel=make_channel("webhook"))
    with audited_elsewhere("a test"):
        type(clinic.people["clinician"]).objects.filter(pk=clinic.people["clinician"].pk).update(is_active=False)
        Channel.objects.update(is_on=False)
    assert told(clinic) == ["admin@northside.example", "owner@northside.example"]


def test_a_snooze_takes_out_one_person_only(clinic: Clinic) -> None:
    episode = make_episode(clinic)
    owner = clinic.people["owner"]
    Snooze.objects.create(
        episode=episode, patient=clinic.patients[0], member=owner, until=timezone.now() + timedelta(minutes=20)
    )
    assert told(clinic, episode) == ["admin@northside.example"]


def test_a_snooze_that_ended_does_not(clinic: Clinic) -> None:
    episode = make_episode(clinic)
    Snooze.objects.create(
        episode=episode, patient=clinic.patients[0], member=clinic.people["owner"], until=timezone.now()
    )
    assert "owner@northside.example" in told(clinic, episode, timezone.now() + timedelta(seconds=1))


def test_planned_twice_is_planned_once(clinic: Clinic) -> None:
    episode = make_episode(clinic)
    now = timezone.now()
    assert plan(episode, "opened", now) == 2
    assert plan(episode, "opened", now) == 0
    assert Delivery.objects.of_episode(episode).count() == 2


def test_an_alarm_that_has_ended_already_is_told_and_does_not_escalate(clinic: Clinic) -> None:
    episode = make_episode(clinic, state="resolved", ended_at=timezone.now(), is_late=True)
    assert len(told(clinic, episode)) == 2
    episode.refresh_from_db()
    assert (episode.next_escalation_at, episode.next_repeat_at) == (None, None)


@pytest.mark.parametrize(("severity", "minutes"), [("critical", 5), ("high", 5), ("medium", None), ("low", None)])
def test_grave_alarms_escalate(clinic: Clinic, severity: str, minutes: int | None) -> None:
    episode, now = make_episode(clinic, severity=severity), timezone.now()
    plan(episode, "opened", now)
    due = None if minutes is None else now + timedelta(minutes=minutes)
    assert episode.next_escalation_at == due
    episode.refresh_from_db()
    assert episode.next_escalation_at == due


# 01:10 in Berlin, in the night in which the clock jumps from 02:00 to 03:00.
IN_THE_NIGHT = datetime(2026, 3, 29, 0, 10, tzinfo=UTC)
MORNING = datetime(2026, 3, 29, 5, 0, tzinfo=UTC)


def quiet_night(clinic: Clinic) -> None:
    with audited_elsewhere("a test"):
        type(clinic.patients[0]).objects.filter(pk=clinic.patients[0].pk).update(timezone="Europe/Berlin")
    set_quiet(clinic, quiet_from=time(22), quiet_until=time(7))


def test_a_high_alarm_waits_for_the_patients_morning_and_escalates_after_it(clinic: Clinic) -> None:
    quiet_night(clinic)
    episode = make_episode(clinic, severity="high")
    told(clinic, episode, IN_THE_NIGHT)
    assert {row.next_attempt_at for row in of_state("held")} == {MORNING}
    assert episode.next_escalation_at == MORNING + timedelta(minutes=5)


def test_a_critical_alarm_is_not_held(clinic: Clinic) -> None:
    """A complaint about other systems: quiet hours that swallow an urgent low."""
    quiet_night(clinic)
    told(clinic, None, IN_THE_NIGHT)
    assert {row.next_attempt_at for row in of_state("pending")} == {IN_THE_NIGHT}


def test_a_patient_without_notifications_is_told_of_for_critical_alarms_only(clinic: Clinic) -> None:
    set_quiet(clinic, notifies=False)
    plan(make_episode(clinic, severity="high", rule_code="low"), "opened", timezone.now())
    plan(make_episode(clinic), "opened", timezone.now())
    assert len(of_state("pending")) == 2
    assert not Delivery.objects.filter(episode__rule_code="low").exclude(state="held", next_attempt_at=None).exists()


def test_owners_hear_beside_a_failing_channel(clinic: Clinic) -> None:
    channel = make_channel("webhook")
    create_contact(position=0, channel=channel)
    with audited_elsewhere("a test"):
        Channel.objects.filter(pk=channel.pk).update(failing_since=timezone.now())
    assert set(told(clinic)) == {str(channel.public_id), "owner@northside.example"}


def test_the_other_clinics_people_hear_nothing(clinic: Clinic, southside: Clinic) -> None:
    assert not [name for name in told(clinic) if "southside" in name]
