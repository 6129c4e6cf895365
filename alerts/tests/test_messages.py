"""What messages say, and what they do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.deliveries.channels import Message
from alerts.deliveries.messages import DISCLAIMER, message_of
from alerts.models import Delivery, Episode
from alerts.tests.telling import make_channel, make_episode
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db

MEASURED = datetime(2026, 3, 1, 1, 10, tzinfo=UTC)
FOUND = datetime(2026, 3, 1, 1, 50, tzinfo=UTC)


@pytest.fixture
def clinic(northside: Clinic) -> Iterator[Clinic]:
    with northside.scope():
        yield northside


def message(clinic: Clinic, detail: str, *, reason: str = "opened", level: int = 0, **changes: Any) -> Message:
    episode: Episode = make_episode(
        clinic, **{"opened_at": MEASURED, "confirmed_at": MEASURED, "found_at": MEASURED, **changes}
    )
    delivery = Delivery(episode=episode, patient=clinic.patients[0], reason=reason, level=level)
    return message_of(delivery, clinic=clinic.organization, detail=detail)


def everything(told: Message) -> str:
    """Without the two random ids, in which every number stands sooner or later."""
    return json.dumps({**asdict(told), "key": "", "episode": ""}, default=str)


def test_without_detail_nothing_of_the_patient_or_the_rule_is_told(clinic: Clinic) -> None:
    told = message(clinic, "none", rule_name="Low of Last Northside", rule_code="marys_low", glucose=43)
    for word in ("user_5678", "Last", "First", "Low of", "marys_low", "43", "urgent"):
        assert word not in everything(told)
    assert told.subject.startswith("Alarm at ")


def test_the_code_and_the_rule(clinic: Clinic) -> None:
    told = message(clinic, "code", glucose=43, worst_glucose=41)
    assert told.subject.startswith("Urgent low: user_5678 at ")
    assert (told.facts["patient"], told.facts["rule"]) == ("user_5678", "urgent_low")
    for word in ("43", "41 ", "Last", "First"):
        assert word not in everything(told)


@pytest.mark.parametrize(
    ("unit", "glucose", "shown", "number"),
    [
        ("mg/dL", 54, "54 mg/dL, measured", "54"),
        ("mmol/L", 54, "3.0 mmol/L, measured", "3.0"),
        ("mg/dL", 39, "Low, measured", "Low"),
        ("mmol/L", 401, "High, measured", "High"),
    ],
)
def test_the_value_in_the_clinics_unit(clinic: Clinic, unit: str, glucose: int, shown: str, number: str) -> None:
    clinic.organization.glucose_unit = unit
    told = message(clinic, "value", glucose=glucose, worst_glucose=glucose)
    assert shown in told.text
    assert (told.facts["glucose"], told.facts["unit"]) == (number, unit)
    assert "Last" not in everything(told)


def test_how_far_it_went_since_then(clinic: Clinic) -> None:
    assert "Furthest out since then: 44 mg/dL." in message(clinic, "value", worst_glucose=44).text


@pytest.mark.parametrize("detail", ["none", "code", "value"])
def test_when_it_was_measured_that_it_is_late_and_what_it_is_not_for(clinic: Clinic, detail: str) -> None:
    clinic.organization.timezone = "Europe/Berlin"
    told = message(clinic, detail, is_late=True, found_at=FOUND)
    assert "easured on 01 March 2026, 02:10 (Europe/Berlin)." in told.text
    assert "late: the alarm was found on 01 March 2026, 02:50 (Europe/Berlin)." in told.text
    assert told.facts["late"] is True
    assert told.text.endswith(DISCLAIMER)


def test_what_is_not_late_does_not_say_so(clinic: Clinic) -> None:
    told = message(clinic, "value")
    assert "late" not in told.text
    assert told.facts["late"] is False


def test_a_possible_compression_low_is_said_and_stays_as_urgent_as_it_is(clinic: Clinic) -> None:
    told = message(clinic, "code", doubts=["possible_compression", "new_sensor"])
    assert told.subject.startswith("Urgent low (possible compression low): user_5678 at ")
    assert "It may be real: look at the patient." in told.text
    assert "less than a day: its values are less accurate at first." in told.text
    assert (told.severity, told.facts["doubts"]) == ("critical", ["possible_compression", "new_sensor"])
    assert "compression" not in everything(message(clinic, "none", rule_code="other", doubts=["possible_compression"]))


def test_a_new_sensor_does_not_lower_the_name(clinic: Clinic) -> None:
    assert message(clinic, "code", doubts=["new_sensor"]).subject.startswith("Urgent low: user_5678 at ")


def test_an_escalation_says_why(clinic: Clinic) -> None:
    told = message(clinic, "code", reason="escalated", level=2)
    assert told.subject.endswith("(not acknowledged)")
    assert "Nobody has acknowledged it: this is level 2" in told.text


def test_an_alarm_that_is_over_says_so(clinic: Clinic) -> None:
    told = message(clinic, "code", state="resolved", ended_at=FOUND)
    assert "It ended on 01 March 2026, 01:50 (UTC)." in told.text
    assert told.facts["ended"] is True


def test_a_name_begins_no_header_and_no_line(clinic: Clinic) -> None:
    clinic.organization.name = "North\r\nBcc: everybody@example.org"
    told = message(clinic, "code", rule_name="Low\nSecond line")
    assert told.subject.startswith("Low Second line: user_5678 at North Bcc: everybody")
    assert "\n" not in told.subject + told.clinic


def test_a_test_concerns_nobody(clinic: Clinic) -> None:
    delivery = Delivery(channel=make_channel("webhook"), reason="test", created_at=MEASURED)
    told = message_of(delivery, clinic=clinic.organization, detail="value")
    assert (told.type, told.episode, told.facts) == ("alert.test", "", {})
    assert "user_" not in everything(told)
