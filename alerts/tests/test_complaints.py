"""What people complained of in other alarm engines, and the tests that hold it here.

| complaint | tests |
|---|---|
| alarm state lost on restart | test_complaints::test_a_restart_loses_no_state, test_engine_machine::test_a_state_goes_through_json |
| a snooze that does not hold | test_complaints::test_a_snooze_holds_for_one_person_and_ends, test_sending_what_is_needed::test_a_person_who_snoozed_meanwhile_is_left_alone |
| a snooze that never ends | test_complaints::test_a_snooze_holds_for_one_person_and_ends, test_acts::test_snoozes_are_bounded, test_planning::test_a_snooze_that_ended_does_not |
| acknowledgement under a constant user | test_complaints::test_each_acknowledgement_is_of_its_person, test_acts::test_an_acknowledgement_is_that_of_the_person_who_gave_it |
| mute for the whole tenant | test_rules::test_a_rule_is_switched_off_for_one_patient_and_for_nobody_else, test_planning::test_a_snooze_takes_out_one_person_only |
| quiet hours suppress urgent low | test_quiet_hours::test_critical_alarms_pass_whatever_is_set, test_planning::test_a_critical_alarm_is_not_held, test_rules_api::test_quiet_hours_that_would_silence_critical_alarms_are_refused_with_a_sentence |
| quiet hours compared in UTC | test_quiet_hours::test_a_night_ends_by_the_patients_clock, test_engine_combined_conditions::test_night_is_the_patients |
| more than 10 active alarms dropped | test_alerts_api::test_all_active_alarms_are_listed_however_many, test_complaints::test_twenty_alarms_at_once_are_all_told |
| mis-cased zones kill night rules | test_rules::test_malformed_rules_are_refused_with_the_reason, test_complaints::test_a_mis_cased_zone_is_refused_and_kills_no_rule |
| alarms on backfilled readings | test_evaluation::test_what_was_late_on_arrival_never_alarms_and_stands_on_the_timeline, test_evaluation::test_the_import_of_a_past_is_no_silence, test_complaints::test_a_backfill_of_a_day_of_lows_tells_nobody |
| the ledger grows by machine ingestion | test_complaints::test_readings_and_rules_add_nothing_to_the_ledger |
"""  # noqa: E501  a table of names

from __future__ import annotations

import importlib
import re
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from alerts.deliveries.services import escalate_due
from alerts.models import Delivery, Episode, Rule
from alerts.rules import effective
from alerts.services import acts
from alerts.services.rules import create_rule
from alerts.tests.evaluating import episodes, evaluate, measure, minutes_ago, steps
from audit.models import Entry
from patients.models import Patient
from tenancy.managers import audited_elsewhere
from tests.clinic_alarms import add_episode
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db
TABLE = re.findall(r"(test_\w+)::(test_\w+)", __doc__)


@pytest.mark.parametrize(("module", "name"), sorted(set(TABLE)))
def test_the_table_names_tests_that_there_are(module: str, name: str) -> None:
    assert callable(getattr(importlib.import_module(f"alerts.tests.{module}"), name))


def told(clinic: Clinic, episode: Episode) -> list[Delivery]:
    with clinic.scope(), transaction.atomic():
        return list(Delivery.objects.of_episode(episode).order_by("id"))


def test_a_restart_loses_no_state(northside: Clinic) -> None:
    """Nothing that decides is kept by a process: one opens the alarm, a person acknowledges, another goes on."""
    measure(northside, 50, minutes_ago(10))
    evaluate(northside)
    (episode,) = episodes(northside, "urgent_low")
    with northside.scope(), transaction.atomic():
        acts.acknowledge(episode=episode, member=northside.people["nurse"], note="")
    before = len(told(northside, episode))
    effective._compiled.cache_clear()
    measure(northside, 48, minutes_ago(5))
    evaluate(northside)
    (same,) = episodes(northside, "urgent_low")
    assert (same.pk, same.state, same.worst_glucose) == (episode.pk, "active", 48)
    assert same.acknowledged_by_id == northside.people["nurse"].pk
    assert steps(northside, same) == ["opened", "confirmed", "acknowledged"]
    assert len(told(northside, same)) == before


def repeats(clinic: Clinic, episode: Episode, minutes: int) -> set[int | None]:
    """Who is told again then."""
    now = timezone.now() + timedelta(minutes=minutes)
    known = {row.pk for row in told(clinic, episode)}
    with clinic.scope():
        with transaction.atomic():
            Delivery.objects.of_episode(episode).update(state=Delivery.State.SENT, next_attempt_at=None)
        with time_machine.travel(now):
            escalate_due(now)
    return {row.member_id for row in told(clinic, episode) if row.pk not in known}


def test_a_snooze_holds_for_one_person_and_ends(northside: Clinic) -> None:
    measure(northside, 50)
    evaluate(northside)
    (episode,) = episodes(northside, "urgent_low")
    members = {row.member_id for row in told(northside, episode)}
    owner = northside.people["owner"]
    assert owner.pk in members
    assert len(members) > 1
    with northside.scope(), transaction.atomic():
        acts.snooze(episode=episode, member=owner, minutes=30)
    during = repeats(northside, episode, 6)
    assert owner.pk not in during
    assert members - {owner.pk} <= during
    measure(northside, 49)
    evaluate(northside)
    assert owner.pk in repeats(northside, episode, 31)


def test_each_acknowledgement_is_of_its_person(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        found = {role: add_episode(northside.patients[0], rule_code=f"rule_{role}") for role in ("nurse", "owner")}
        for role, episode in found.items():
            acts.acknowledge(episode=episode, member=northside.people[role], note="")
        for role, episode in found.items():
            event = episode.events.get(kind="acknowledged")
            person = northside.people[role]
            assert (event.actor_id, event.actor_name) == (str(person.user_public_id), person.name)
            episode.refresh_from_db()
            assert episode.acknowledged_by_id == person.pk


def test_twenty_alarms_at_once_are_all_told(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        for number in range(20):
            create_rule(
                code=f"below_{number}",
                patient=northside.patients[0],
                said={
                    "name": f"Below {80 + number}",
                    "severity": "critical",
                    "condition": {"type": "below", "mgdl": 80 + number},
                },
            )
    measure(northside, 50)
    evaluate(northside)
    found = [episode for episode in episodes(northside) if episode.rule_code.startswith("below_")]
    assert {episode.state for episode in found} == {"active"}
    assert len(found) == 20
    assert all(told(northside, episode) for episode in found)


def test_a_mis_cased_zone_is_refused_and_kills_no_rule(northside: Clinic) -> None:
    """Of a patient by the form; and a rule that stands in the table all the same stops no other rule."""
    patient: Patient = northside.patients[0]
    patient.timezone = "europe/berlin"
    with northside.scope(), pytest.raises(ValidationError, match="time zone"):
        patient.full_clean()
    night = {"type": "timeOfDay", "from": "22:00", "until": "07:00", "timeZone": "europe/berlin"}
    with northside.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Rule.objects.create(code="night", name="Night", severity="high", condition=night)
    measure(northside, 50)
    evaluate(northside)
    assert [episode.state for episode in episodes(northside, "urgent_low")] == ["active"]


def test_a_backfill_of_a_day_of_lows_tells_nobody(northside: Clinic) -> None:
    evaluate(northside)
    before = len(episodes(northside))
    northside.store(*[50] * 285, until=minutes_ago(16))
    evaluate(northside)
    assert len(episodes(northside)) == before


def test_readings_and_rules_add_nothing_to_the_ledger(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        before = Entry.objects.count()
    northside.store(*[100] * 50, until=minutes_ago(20))
    for glucose, ago in ((50, 10), (48, 5), (120, 0)):
        measure(northside, glucose, minutes_ago(ago))
        evaluate(northside)
    assert episodes(northside, "urgent_low")
    with northside.scope(), transaction.atomic():
        assert Entry.objects.count() == before
