from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.organizations import change_organization
from accounts.roles import Role
from alerts.models import Episode, EpisodeEvent, Severity
from audit.models import Entry
from patients.care_team import remove_from_care_team
from tests.clinic_alarms import add_episode
from tests.clinics import Clinic
from tests.rest import FORBIDDEN, NO_CREDENTIALS, NOT_FOUND, problems, send

pytestmark = pytest.mark.django_db
ALERTS = "/api/v1/alerts"


def added(clinic: Clinic, patient: int = 0, **changes: Any) -> Episode:
    with clinic.scope(), transaction.atomic():
        return add_episode(clinic.patients[patient], **changes)


def listed(clinic: Clinic, query: str = "", role: str = "nurse") -> list[str]:
    answer = clinic.api(role).get(f"{ALERTS}{query}")
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


def path(episode: Episode, act: str = "") -> str:
    return f"{ALERTS}/{episode.public_id}{act and '/'}{act}"


def test_an_alarm_is_shown_with_its_rule_its_value_and_its_people(northside: Clinic, southside: Clinic) -> None:
    episode = added(northside)
    added(southside)

    (item,) = northside.api("viewer").get(ALERTS).json()["items"]

    assert item["id"] == str(episode.public_id)
    assert (item["patient"], item["rule"], item["severity"], item["state"]) == ("user_5678", "low", "high", "active")
    assert (item["glucose"], item["glucoseFlag"], item["worstGlucose"]) == (65, "ok", 61)
    assert item["conditionInWords"] == "below 70 mg/dL"
    assert (item["acknowledgedBy"], item["assignedTo"], item["snoozedUntil"]) == (None, None, None)


def test_beyond_the_sensors_range_there_is_no_number(northside: Clinic) -> None:
    added(northside, glucose=39, worst_glucose=39)
    (item,) = northside.api("nurse").get(ALERTS).json()["items"]
    assert (item["glucose"], item["glucoseFlag"], item["worstGlucose"]) == (None, "low", None)


def test_all_active_alarms_are_listed_however_many(northside: Clinic) -> None:
    """Complaint: active alerts above 10 dropped."""
    for number in range(25):
        added(northside, rule_code=f"rule_{number}", opened_at=datetime.now(UTC) - timedelta(minutes=number // 5))
    first = northside.api("nurse").get(f"{ALERTS}?state=open&limit=10").json()
    seen = [item["rule"] for item in first["items"]]
    cursor = first["next"]
    while cursor:
        page = northside.api("nurse").get(f"{ALERTS}?state=open&limit=10", {"cursor": cursor}).json()
        seen += [item["rule"] for item in page["items"]]
        cursor = page["next"]
    assert len(listed(northside, "?state=open")) == 25
    assert sorted(seen) == sorted(f"rule_{number}" for number in range(25))


def test_filters(northside: Clinic) -> None:
    now = datetime.now(UTC)
    low = added(northside, opened_at=now - timedelta(hours=3))
    high = added(northside, 1, rule_code="high", severity=Severity.MEDIUM, opened_at=now - timedelta(hours=1))
    ended = added(northside, rule_code="ended", state=Episode.State.RESOLVED, opened_at=now - timedelta(days=2))
    waiting = added(northside, rule_code="waiting", state=Episode.State.CONFIRMING, confirmed_at=None)
    assert send(northside.api("nurse"), "POST", path(low, "acknowledge"), {}).status_code == 200
    someone = str(northside.people["clinician"].user_public_id)
    assert send(northside.api("nurse"), "POST", path(low, "assign"), {"member": someone}).status_code == 200

    expected = {
        "": [high, low, ended],
        "?state=open": [high, low],
        "?state=resolved": [ended],
        "?state=confirming": [waiting],
        "?severity=medium": [high],
        "?patient=user_9012": [high],
        "?patient=nobody": [],
        "?rule=low": [low],
        "?acknowledged=true": [low],
        "?acknowledged=false": [high, ended],
        f"?assignedTo={someone}": [low],
        "?assignedTo=me": [],
        f"?since={now - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}": [high],
        f"?until={now - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}": [low, ended],
    }
    for query, episodes in expected.items():
        assert listed(northside, query) == [str(episode.public_id) for episode in episodes], query
    assert listed(northside, "?assignedTo=me", role="clinician") == [str(low.public_id)]


@pytest.mark.parametrize("query", ["state=ringing", "severity=5", "since=2026-01-01T00:00:00", "acknowledged=yes"])
def test_filters_that_are_not_understood_are_refused(northside: Clinic, query: str) -> None:
    assert northside.api("nurse").get(f"{ALERTS}?{query}").status_code == 422


def test_one_alarm_with_every_step(northside: Clinic) -> None:
    episode = added(northside)
    nurse = northside.api("nurse")
    send(nurse, "POST", path(episode, "comment"), {"text": "called the ward"})
    send(nurse, "POST", path(episode, "acknowledge"), {"note": "going"})

    body = northside.api("viewer").get(path(episode)).json()

    assert [event["kind"] for event in body["events"]] == ["commented", "acknowledged"]
    who = {(event["actorKind"], event["actor"], event["actorName"]) for event in body["events"]}
    person = northside.people["nurse"]
    assert who == {("person", str(person.user_public_id), person.name)}
    assert body["acknowledgedBy"] == {"id": str(person.user_public_id), "name": person.name}
    assert body["notice"] == "Dosing decisions should not be made based on this device."


def test_a_second_acknowledgement_is_200_and_names_the_first_person(northside: Clinic) -> None:
    episode = added(northside)
    first = send(northside.api("nurse"), "POST", path(episode, "acknowledge"), {})
    second = send(northside.api("owner"), "POST", path(episode, "acknowledge"), {})

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["acknowledgedBy"] == first.json()["acknowledgedBy"]
    assert second.json()["acknowledgedAt"] == first.json()["acknowledgedAt"]


def test_a_snooze_is_the_callers_own(northside: Clinic) -> None:
    """Complaint: mute for everybody."""
    episode = added(northside, severity=Severity.CRITICAL)
    assert problems(send(northside.api("nurse"), "POST", path(episode, "snooze"), {"minutes": 31})) == [
        ("out_of_range", ["body", "minutes"])
    ]
    answer = send(northside.api("nurse"), "POST", path(episode, "snooze"), {"minutes": 30})

    assert answer.json()["snoozedUntil"] is not None
    assert northside.api("clinician").get(path(episode)).json()["snoozedUntil"] is None


def test_a_snooze_ends(northside: Clinic) -> None:
    episode = added(northside)
    send(northside.api("nurse"), "POST", path(episode, "snooze"), {"minutes": 5})
    with northside.scope(), transaction.atomic():
        episode.snoozes.update(until=datetime.now(UTC) - timedelta(seconds=1))
    assert northside.api("nurse").get(path(episode)).json()["snoozedUntil"] is None


def test_a_critical_alarm_that_goes_on_is_not_resolved_by_hand(northside: Clinic) -> None:
    critical, other = added(northside, rule_code="urgent_low", severity=Severity.CRITICAL), added(northside)
    nurse = northside.api("nurse")

    refused = send(nurse, "POST", path(critical, "resolve"), {"reason": "tired"})
    assert (refused.status_code, "still in alarm" in refused.json()["detail"]) == (409, True)
    assert problems(send(nurse, "POST", path(other, "resolve"), {})) == [("missing", ["body", "reason"])]
    done = send(nurse, "POST", path(other, "resolve"), {"reason": "sensor replaced"})
    assert (done.status_code, done.json()["state"]) == (200, "resolved")


def test_assigning_and_reviewing(northside: Clinic, southside: Clinic) -> None:
    episode, nurse = added(northside), northside.api("nurse")
    for stranger in (southside.people["nurse"], northside.people["viewer"], northside.people["patient"]):
        body = {"member": str(stranger.user_public_id)}
        assert send(nurse, "POST", path(episode, "assign"), body).status_code == 422
    assert send(nurse, "POST", path(episode, "assign"), {"member": None}).status_code == 200
    for verdict in ("false", "true"):
        assert send(nurse, "POST", path(episode, "review"), {"verdict": verdict}).status_code == 200
    assert problems(send(nurse, "POST", path(episode, "review"), {"verdict": "maybe"})) == [
        ("invalid_choice", ["body", "verdict"])
    ]


def test_a_patients_login_sees_its_own_and_not_what_the_staff_say(northside: Clinic) -> None:
    own, others = added(northside, 0), added(northside, 1)
    nurse, patient = northside.api("nurse"), northside.api("patient")
    send(nurse, "POST", path(own, "comment"), {"text": "among us"})
    send(nurse, "POST", path(own, "acknowledge"), {})

    assert listed(northside, role="patient") == [str(own.public_id)]
    answer = patient.get(path(own))
    assert [event["kind"] for event in answer.json()["events"]] == ["acknowledged"]
    assert b"among us" not in answer.content
    assert patient.get(path(others)).json() == NOT_FOUND
    assert send(patient, "POST", path(own, "acknowledge"), {}).json() == FORBIDDEN


def test_limited_staff_see_the_alarms_of_their_patients(northside: Clinic) -> None:
    seen, hidden = added(northside, 0), added(northside, 1)
    with northside.scope(), transaction.atomic():
        change_organization(changes={"assigned_patients_only": True})
        remove_from_care_team(patient=northside.patients[1], member=northside.people[Role.NURSE])

    assert listed(northside) == [str(seen.public_id)]
    assert send(northside.api("nurse"), "POST", path(hidden, "acknowledge"), {}).json() == NOT_FOUND
    assert len(listed(northside, role="owner")) == 2


def test_another_clinics_alarm_does_not_exist(northside: Clinic, southside: Clinic) -> None:
    episode = added(southside)
    for act, body in (("acknowledge", {}), ("snooze", {"minutes": 10}), ("resolve", {"reason": "x"})):
        assert send(northside.api("owner"), "POST", path(episode, act), body).json() == NOT_FOUND
    assert northside.api("owner").get(path(episode)).json() == NOT_FOUND
    with southside.scope(), transaction.atomic():
        assert not EpisodeEvent.objects.exists()
    assert listed(northside) == []


def test_without_a_sign_in_there_is_nothing(northside: Clinic, client: Any) -> None:
    answer = client.get(ALERTS)
    assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)
    assert northside.device_api().get(ALERTS).status_code == 401


def test_who_looks_at_alarms_stands_in_the_ledger(northside: Clinic) -> None:
    episode = added(northside)
    listed(northside)
    northside.api("nurse").get(path(episode))

    with northside.scope(), transaction.atomic():
        looks = list(Entry.objects.filter(object_type="alerts.episode").order_by("id"))
    assert [(entry.action, entry.all_patient_ids) for entry in looks] == [
        ("list", [episode.patient_id]),
        ("read", [episode.patient_id]),
    ]


def test_statistics(northside: Clinic, southside: Clinic) -> None:
    now = datetime.now(UTC)
    northside.store(100, 101, until=now - timedelta(minutes=1))
    northside.summarise_and_amend()
    for number, waited in enumerate((60, 120, 600)):
        found = now - timedelta(minutes=30)
        state = Episode.State.RESOLVED if number == 2 else Episode.State.ACTIVE
        values: dict[str, Any] = {
            "found_at": found,
            "acknowledged_at": found + timedelta(seconds=waited),
            "state": state,
        }
        episode = added(northside, rule_code=f"rule_{number % 2}", severity="critical" if number else "low", **values)
        verdict = ("true", "false", "unclear")[number]
        for said in ("unclear", verdict):
            send(northside.api("nurse"), "POST", path(episode, "review"), {"verdict": said})
    added(northside, rule_code="waiting", state=Episode.State.CONFIRMING, confirmed_at=None)
    added(southside)

    body = northside.api("viewer").get(f"{ALERTS}/stats").json()

    assert (body["alarms"], body["open"], body["acknowledged"]) == (3, 2, 3)
    assert body["bySeverity"] == {"low": 1, "medium": 0, "high": 0, "critical": 2}
    assert body["byRule"] == {"rule_0": 2, "rule_1": 1}
    assert (body["medianSecondsToAcknowledge"], body["p90SecondsToAcknowledge"]) == (120.0, 504.0)
    assert body["reviewed"] == {"true": 1, "false": 1, "unclear": 1}
    assert body["falseAlarmShare"] == 0.5
    assert body["alarmsPerPatientDay"] == round(3 / body["patientDays"], 2)


def test_statistics_of_nothing_are_no_zeros(northside: Clinic) -> None:
    body = northside.api("nurse").get(f"{ALERTS}/stats?since=2020-01-01T00:00:00Z&until=2020-02-01T00:00:00Z").json()
    assert (body["alarms"], body["patientDays"]) == (0, 0)
    assert {body[name] for name in ("medianSecondsToAcknowledge", "alarmsPerPatientDay", "falseAlarmShare")} == {None}


@pytest.mark.parametrize(
    "query", ["since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z", "since=2020-01-01T00:00:00Z"]
)
def test_statistics_of_no_window_or_too_long_a_one_are_refused(northside: Clinic, query: str) -> None:
    assert northside.api("nurse").get(f"{ALERTS}/stats?{query}").status_code == 422
