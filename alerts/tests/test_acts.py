from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.organizations import change_organization
from accounts.roles import Role
from alerts.models import Episode, EpisodeEvent, Severity, Snooze
from alerts.services import acts
from alerts.services.acting import ActRefused
from audit.models import Entry
from patients.care_team import remove_from_care_team
from tests.clinic_alarms import add_episode
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic(northside: Clinic):
    with northside.scope(), transaction.atomic():
        yield northside


@pytest.fixture
def episode(clinic: Clinic) -> Episode:
    return add_episode(clinic.patients[0])


def steps(episode: Episode) -> list[tuple[str, str, str]]:
    return [(event.kind, event.actor_kind, event.actor_id) for event in episode.events.all()]


def test_an_acknowledgement_is_that_of_the_person_who_gave_it(clinic: Clinic, episode: Episode) -> None:
    """Complaint: acknowledgements stored under a constant user."""
    nurse = clinic.people["nurse"]

    found = acts.acknowledge(episode=episode, member=nurse, note="on my way")

    assert (found.acknowledged_by, found.state) == (nurse, Episode.State.ACTIVE)
    assert steps(found) == [("acknowledged", "person", str(nurse.user_public_id))]
    event = found.events.get()
    assert (event.actor_name, event.detail, event.patient_id) == (nurse.name, {"note": "on my way"}, found.patient_id)


def test_a_second_acknowledgement_answers_with_the_first(clinic: Clinic, episode: Episode) -> None:
    first = acts.acknowledge(episode=episode, member=clinic.people["nurse"])

    second = acts.acknowledge(episode=episode, member=clinic.people["clinician"])

    assert (second.acknowledged_by, second.acknowledged_at) == (first.acknowledged_by, first.acknowledged_at)
    assert len(steps(second)) == 1


def test_what_is_done_stands_in_the_ledger_with_its_patient(clinic: Clinic, episode: Episode) -> None:
    acts.acknowledge(episode=episode, member=clinic.people["nurse"])

    entry = Entry.objects.about_object(["alerts.episode"], str(episode.public_id)).get()
    assert (entry.patient_id, entry.reason) == (episode.patient_id, "acknowledged")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.PATIENT])
def test_who_may_not_act_is_refused_by_the_service_itself(clinic: Clinic, episode: Episode, role: str) -> None:
    for act in (
        lambda member: acts.acknowledge(episode=episode, member=member),
        lambda member: acts.snooze(episode=episode, member=member, minutes=10),
        lambda member: acts.resolve(episode=episode, member=member, reason="done"),
        lambda member: acts.comment(episode=episode, member=member, text="hello"),
        lambda member: acts.assign(episode=episode, member=member, to=None),
        lambda member: acts.review(episode=episode, member=member, verdict="true"),
    ):
        with pytest.raises(PermissionDenied):
            act(clinic.people[role])
    assert steps(episode) == []


def test_what_no_rule_has_confirmed_is_no_alarm(clinic: Clinic) -> None:
    early = add_episode(clinic.patients[0], state=Episode.State.CONFIRMING, confirmed_at=None)

    with pytest.raises(ActRefused):
        acts.acknowledge(episode=early, member=clinic.people["nurse"])


def test_a_snooze_is_of_one_person_and_ends(clinic: Clinic, episode: Episode) -> None:
    """Complaints: a snooze that never ends, and mute for the whole clinic."""
    before = timezone.now()

    acts.snooze(episode=episode, member=clinic.people["nurse"], minutes=30)

    snooze = Snooze.objects.get()
    assert snooze.member == clinic.people["nurse"]
    assert timedelta(0) <= snooze.until - before - timedelta(minutes=30) < timedelta(minutes=1)
    episode.refresh_from_db()
    assert (episode.state, episode.acknowledged_at) == (Episode.State.ACTIVE, None)


def test_a_new_snooze_stands_in_the_place_of_the_former(clinic: Clinic, episode: Episode) -> None:
    acts.snooze(episode=episode, member=clinic.people["nurse"], minutes=60)
    acts.snooze(episode=episode, member=clinic.people["nurse"], minutes=5)

    assert Snooze.objects.get().until < timezone.now() + timedelta(minutes=6)
    assert [kind for kind, _, _ in steps(episode)] == ["snoozed", "snoozed"]


@pytest.mark.parametrize(
    ("severity", "minutes", "allowed"),
    [
        (Severity.HIGH, 4, False),
        (Severity.HIGH, 5, True),
        (Severity.HIGH, 120, True),
        (Severity.HIGH, 121, False),
        (Severity.CRITICAL, 30, True),
        (Severity.CRITICAL, 31, False),
    ],
)
def test_snoozes_are_bounded(clinic: Clinic, severity: str, minutes: int, allowed: bool) -> None:
    episode = add_episode(clinic.patients[0], severity=severity)
    if allowed:
        acts.snooze(episode=episode, member=clinic.people["nurse"], minutes=minutes)
    else:
        with pytest.raises(ValidationError, match="Snooze"):
            acts.snooze(episode=episode, member=clinic.people["nurse"], minutes=minutes)
    assert Snooze.objects.exists() == allowed


def test_what_has_ended_cannot_be_snoozed_or_resolved(clinic: Clinic) -> None:
    ended = add_episode(clinic.patients[0], state=Episode.State.RESOLVED, ended_at=timezone.now())

    with pytest.raises(ActRefused, match="has ended"):
        acts.snooze(episode=ended, member=clinic.people["nurse"], minutes=10)
    with pytest.raises(ActRefused, match="has ended"):
        acts.resolve(episode=ended, member=clinic.people["nurse"], reason="seen")


def test_resolving_needs_a_reason(clinic: Clinic, episode: Episode) -> None:
    with pytest.raises(ValidationError, match="few words"):
        acts.resolve(episode=episode, member=clinic.people["nurse"], reason="  ")

    found = acts.resolve(episode=episode, member=clinic.people["nurse"], reason="sensor replaced")

    assert found.state == Episode.State.RESOLVED
    assert found.ended_at is not None
    assert found.events.get().detail == {"reason": "sensor replaced"}


def test_a_critical_alarm_is_not_resolved_while_its_last_value_is_in_alarm(clinic: Clinic) -> None:
    critical = add_episode(clinic.patients[0], severity=Severity.CRITICAL)
    with pytest.raises(ActRefused, match="still in alarm"):
        acts.resolve(episode=critical, member=clinic.people["owner"], reason="I say so")
    Episode.objects.filter(pk=critical.pk).update(state=Episode.State.EASING)

    found = acts.resolve(episode=critical, member=clinic.people["owner"], reason="has eaten")

    assert found.state == Episode.State.RESOLVED


def test_an_alarm_is_assigned_to_who_may_see_the_patient(clinic: Clinic, episode: Episode) -> None:
    clinician, nurse = clinic.people["clinician"], clinic.people["nurse"]
    assert acts.assign(episode=episode, member=nurse, to=clinician).assigned_to == clinician
    assert acts.assign(episode=episode, member=nurse, to=clinician).events.count() == 1
    assert acts.assign(episode=episode, member=nurse, to=None).assigned_to is None
    change_organization(changes={"assigned_patients_only": True})
    for stranger in (clinician, clinic.people["viewer"], clinic.people["patient"]):
        with pytest.raises(ValidationError, match="may not act"):
            acts.assign(episode=episode, member=nurse, to=stranger)
    assert acts.assign(episode=episode, member=clinician, to=nurse).assigned_to == nurse
    remove_from_care_team(patient=clinic.patients[0], member=nurse)
    with pytest.raises(ValidationError, match="may not act"):
        acts.assign(episode=episode, member=clinician, to=nurse)


def test_comments_are_of_2000_characters_at_most(clinic: Clinic, episode: Episode) -> None:
    acts.comment(episode=episode, member=clinic.people["nurse"], text="x" * 2000)
    with pytest.raises(ValidationError, match="2,000"):
        acts.comment(episode=episode, member=clinic.people["nurse"], text="x" * 2001)
    assert EpisodeEvent.objects.count() == 1
