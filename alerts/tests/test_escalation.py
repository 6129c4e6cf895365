"""The next level after 5, 15 and 30 minutes, and the same people again, until a person acknowledges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone

from alerts.deliveries.services import create_contact, escalate_due, organizations_to_escalate, plan
from alerts.models import Delivery, Episode, EpisodeEvent
from alerts.services.acts import acknowledge
from alerts.tests.telling import RULE, make_episode, set_quiet, start_anew
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
SILENT = {"code": "urgent_low"}


@pytest.fixture
def clinic(northside: Clinic) -> Iterator[Clinic]:
    with northside.scope():
        start_anew(northside)
        for level, role in enumerate(("nurse", "clinician", "admin", "owner")):
            create_contact(position=level, member=northside.people[role])
        yield northside


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def planned(clinic: Clinic, **changes: object) -> Episode:
    episode = make_episode(clinic, **{"rule": SILENT, **changes})
    plan(episode, "opened", START)
    return episode


def escalations(episode: Episode) -> list[tuple[int, str]]:
    rows = Delivery.objects.of_episode(episode).filter(reason="escalated").order_by("id")
    return [(row.level, row.recipient.partition("@")[0]) for row in rows]


def sweep(*minutes: float) -> None:
    for minute in minutes:
        escalate_due(after(minute))


def test_each_level_in_its_minute(clinic: Clinic) -> None:
    episode = planned(clinic)
    sweep(4.9)
    assert escalations(episode) == []
    sweep(5)
    assert escalations(episode) == [(1, "clinician")]
    sweep(6, 14.9)
    assert len(escalations(episode)) == 1
    sweep(15)
    assert escalations(episode)[1:] == [(2, "admin")]
    sweep(29.9)
    assert len(escalations(episode)) == 2
    sweep(30, 45, 120)
    assert escalations(episode)[2:] == [(3, "owner")]


def test_each_step_is_an_event_of_the_rule(clinic: Clinic) -> None:
    episode = planned(clinic)
    sweep(5)
    event = EpisodeEvent.objects.get(episode=episode, kind="escalated")
    assert (event.actor_kind, event.actor_id, event.at) == ("rule", "urgent_low", after(5))
    assert event.detail == {"level": 1, "told": 1}


def test_an_acknowledgement_ends_it(clinic: Clinic) -> None:
    episode = planned(clinic)
    sweep(5)
    acknowledge(episode=episode, member=clinic.people["nurse"])
    sweep(15, 30)
    assert escalations(episode) == [(1, "clinician")]


def test_the_end_of_the_alarm_ends_it(clinic: Clinic) -> None:
    episode = planned(clinic)
    Episode.objects.filter(pk=episode.pk).update(state="resolved", ended_at=after(4))
    sweep(5, 15, 30)
    assert escalations(episode) == []
    assert Delivery.objects.of_episode(episode).filter(reason="opened").count() == 1


def test_a_level_that_nobody_stands_at_goes_to_those_who_answer(clinic: Clinic, southside: Clinic) -> None:
    start_anew(clinic)
    episode = planned(clinic)
    sweep(5)
    assert sorted(escalations(episode)) == [(1, "admin"), (1, "owner")]


def test_after_an_outage_each_level_gets_its_time(clinic: Clinic) -> None:
    episode = planned(clinic)
    sweep(60, 60.25, 64.9)
    assert escalations(episode) == [(1, "clinician")]
    sweep(65)
    assert len(escalations(episode)) == 2


def test_a_sweep_that_runs_twice_tells_once(clinic: Clinic) -> None:
    episode = planned(clinic)
    sweep(5, 5)
    assert len(escalations(episode)) == 1


def test_a_high_alarm_in_quiet_hours_escalates_in_the_morning(clinic: Clinic) -> None:
    episode = planned(clinic, severity="high")
    set_quiet(clinic, quiet_from=time(12, 2), quiet_until=time(13))
    sweep(5, 15, 64.9)
    assert escalations(episode) == []
    sweep(65)
    assert escalations(episode) == [(1, "clinician")]


def test_a_critical_alarm_escalates_in_quiet_hours(clinic: Clinic) -> None:
    set_quiet(clinic, quiet_from=time(11), quiet_until=time(13), notifies=False)
    episode = planned(clinic)
    sweep(5)
    assert escalations(episode) == [(1, "clinician")]


def test_clinics_with_something_due_are_found_without_a_scope(northside: Clinic, southside: Clinic) -> None:
    with northside.scope():
        start_anew(northside)
        Episode.objects.filter(pk=make_episode(northside).pk).update(
            next_escalation_at=timezone.now() - timedelta(minutes=5)
        )
    with southside.scope():
        start_anew(southside)
        Episode.objects.filter(pk=make_episode(southside).pk).update(
            next_repeat_at=timezone.now() + timedelta(minutes=5)
        )
    assert organizations_to_escalate() == [northside.organization.id]


def repeats(episode: Episode) -> list[tuple[int, str]]:
    rows = Delivery.objects.of_episode(episode).filter(reason="repeated").order_by("id")
    return [(row.round, row.recipient.partition("@")[0]) for row in rows]


def all_sent() -> None:
    Delivery.objects.not_sent_yet().update(state="sent")


def test_it_rings_again_until_acknowledged_for_everybody_told_so_far(clinic: Clinic) -> None:
    episode = planned(clinic, rule=RULE)
    all_sent()
    sweep(4.9)
    assert repeats(episode) == []
    sweep(5)
    # The clinician hears of it for the first time in this minute.
    assert repeats(episode) == [(1, "nurse")]
    all_sent()
    sweep(10)
    assert repeats(episode)[1:] == [(2, "nurse"), (2, "clinician")]


def test_who_was_not_reached_yet_is_not_written_to_every_five_minutes(clinic: Clinic) -> None:
    episode = planned(clinic, rule=RULE)
    sweep(5)
    assert repeats(episode) == []


def test_it_rings_once_more_half_an_hour_after_the_acknowledgement_where_it_still_holds(clinic: Clinic) -> None:
    episode = planned(clinic, rule=RULE)
    all_sent()
    Episode.objects.filter(pk=episode.pk).update(acknowledged_at=after(3), acknowledged_by=clinic.people["nurse"])
    sweep(5, 10, 32.9)
    assert repeats(episode) == []
    sweep(33)
    assert repeats(episode) == [(1, "nurse")]


@pytest.mark.parametrize("state", ["hysteresis", "resolved"])
def test_not_where_the_value_is_back(clinic: Clinic, state: str) -> None:
    episode = planned(clinic, rule=RULE)
    all_sent()
    Episode.objects.filter(pk=episode.pk).update(acknowledged_at=after(3), state=state)
    sweep(5, 33, 63)
    assert repeats(episode) == []


def test_a_rule_without_repeats_rings_once(clinic: Clinic) -> None:
    episode = planned(clinic)
    all_sent()
    sweep(5, 60)
    assert repeats(episode) == []
