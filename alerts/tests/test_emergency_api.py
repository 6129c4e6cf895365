"""The emergency button: by the patient or the staff, to everybody at once, whatever else is broken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from alerts.deliveries.escalation import escalate_due
from alerts.models import ClinicAlarms, Delivery, Episode, PatientAlarms, Snooze
from alerts.services.rules import create_rule
from alerts.tests.evaluating import episodes, evaluate, measure, minutes_ago, steps
from alerts.tests.telling import start_anew
from tests.clinics import Clinic
from tests.rest import NOT_FOUND, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic(northside: Clinic) -> Clinic:
    with northside.scope(), transaction.atomic():
        start_anew(northside)
    return northside


HELP = "/api/v1/patients/user_5678/emergency"


@pytest.fixture
def press(django_capture_on_commit_callbacks: Any) -> Any:
    def post(clinic: Clinic, by: str = "patient", path: str = HELP) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return send(clinic.api(by), "POST", path)

    return post


def told(clinic: Clinic) -> list[tuple[str, str, int]]:
    with clinic.scope(), transaction.atomic():
        rows = Delivery.objects.filter(episode__kind="emergency").order_by("round", "recipient")
        return [(row.recipient, row.reason, row.round) for row in rows]


def later(minutes: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes))


def test_the_patient_calls_and_everybody_is_told_at_once(clinic: Clinic, southside: Clinic, press: Any) -> None:
    """In quiet hours, with notifications off and Valkey not asked: the mail is sent by the process itself."""
    with clinic.scope(), transaction.atomic():
        PatientAlarms.objects.update_or_create(patient=clinic.patients[0], defaults={"notifies": False})
        ClinicAlarms.objects.update_or_create(defaults={"preset": "standard", "preset_version": 1})
    answer = press(clinic)
    assert answer.status_code == 201, answer.content
    patient = clinic.patients[0]
    name = f"{patient.first_name} {patient.last_name}"
    assert answer.json()["message"].startswith(f"Emergency help requested by {name}")
    assert answer.json()["message"].endswith("Please come immediately.")
    assert (answer.json()["isNew"], answer.json()["isTold"]) == (True, True)
    (episode,) = [one for one in episodes(clinic) if one.kind == "emergency"]
    assert (episode.severity, episode.state, str(episode.public_id)) == ("critical", "active", answer.json()["id"])
    assert steps(clinic, episode) == ["opened", "confirmed"]
    answering = {clinic.people[role].email for role in ("owner", "admin")}
    assert {who for who, _, _ in told(clinic)} == answering, "who answers for the clinic where nobody is named"
    assert {(reason, number) for _, reason, number in told(clinic)} == {("opened", 0)}
    assert told(southside) == []
    assert [one for one in episodes(southside) if one.kind == "emergency"] == []


def test_pressing_again_adds_to_it_and_rings_again_after_a_minute(clinic: Clinic, press: Any) -> None:
    first = press(clinic).json()
    again = press(clinic, "viewer")
    assert (again.status_code, again.json()["id"], again.json()["isNew"], again.json()["isTold"]) == (
        *(200, first["id"], False, False),
    )
    count = len(told(clinic))
    acknowledged = send(clinic.api("nurse"), "POST", f"/api/v1/alerts/{first['id']}/acknowledge", {})
    assert acknowledged.status_code == 200, acknowledged.content
    with clinic.scope(), later(6):
        assert escalate_due(timezone.now()) == 0, "somebody is on the way"
    with clinic.scope(), transaction.atomic():
        Delivery.objects.all().update(state=Delivery.State.SENT)
    with later(7):
        assert press(clinic).json()["isTold"] is True
    (episode,) = [one for one in episodes(clinic) if one.kind == "emergency"]
    assert steps(clinic, episode) == ["opened", "confirmed", "acknowledged", "called_again"]
    assert len(told(clinic)) > count
    evaluate(clinic)
    resolved = send(clinic.api("nurse"), "POST", f"/api/v1/alerts/{first['id']}/resolve", {"reason": "was there"})
    assert (resolved.status_code, resolved.json()["state"]) == (200, "resolved"), "no reading has to end it"
    with later(8):
        assert press(clinic).status_code == 201


def test_unanswered_it_rings_again(clinic: Clinic, press: Any) -> None:
    press(clinic)
    count = len(told(clinic))
    with clinic.scope(), later(6):
        Delivery.objects.all().update(state=Delivery.State.SENT)
        assert escalate_due(timezone.now()) == count
    with clinic.scope(), transaction.atomic():
        assert not Snooze.objects.filter(episode__kind="emergency").exists()


def test_readings_and_rules_leave_it_alone(clinic: Clinic, press: Any) -> None:
    press(clinic)
    with clinic.scope(), transaction.atomic():
        create_rule(
            code="emergency", said={"name": "Own", "severity": "low", "condition": {"type": "below", "mgdl": 80}}
        )
    measure(clinic, 75, minutes_ago(1))
    evaluate(clinic)
    (episode,) = [one for one in episodes(clinic) if one.kind == "emergency"]
    assert episode.state == Episode.State.ACTIVE
    assert len(episodes(clinic, "emergency")) == 1, "a clinic's own rule of this code is another alarm"


def test_who_calls_for_whom(clinic: Clinic, southside: Clinic, press: Any) -> None:
    other = HELP.replace("user_5678", clinic.patients[1].code)
    assert press(clinic, "patient", other).json() == NOT_FOUND
    assert press(southside, "nurse").status_code == 201
    assert told(clinic) == []


def test_no_limit_refuses_a_call(clinic: Clinic, press: Any, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "writes": "1/hour"}
    assert [press(clinic).status_code for _ in range(3)] == [201, 200, 200]
