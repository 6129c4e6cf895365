"""From a stored measurement to an episode, by the database's real roles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.services.rules import create_rule
from alerts.tests.evaluating import episodes, evaluate, measure, minutes_ago, steps
from patients.models import Patient
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic
from vitals.catalogue import Metric
from vitals.marking import mark_for_rules
from vitals.models import Measurement

pytestmark = pytest.mark.django_db

FAST: dict[str, Any] = {"type": "vital", "metric": "heart_rate", "operator": "gt", "value": 120}


def store(clinic: Clinic, value: float, at: datetime | None = None, patient: int = 0, **more: Any) -> Measurement:
    now = datetime.now(UTC)
    metric = more.pop("metric", Metric.HEART_RATE)
    at = at or now
    with clinic.scope(), transaction.atomic(), audited_elsewhere("rows of a test"):
        row: Measurement = Measurement.objects.create(
            patient=clinic.patients[patient],
            metric=metric,
            measured_at=at.replace(microsecond=at.microsecond // 1000 * 1000),
            value=value,
            unit="bpm",
            source="user",
            received_at=now,
            **more,
        )
        mark_for_rules(patient_id=row.patient_id, measured_at=row.measured_at)
    return row


def rule(clinic: Clinic, condition: dict[str, Any] = FAST, *, patient: Patient | None = None, **more: Any) -> None:
    said = {"name": "Fast pulse", "severity": "high", "condition": condition, "close_minutes": 10, **more}
    with clinic.scope(), transaction.atomic():
        create_rule(code="fast", said=said, patient=patient)


def test_a_fast_heart_is_an_alarm_of_its_patient_and_of_nobody_else(northside: Clinic, southside: Clinic) -> None:
    rule(northside)
    for clinic in (northside, southside):
        evaluate(clinic)
        store(clinic, 130)
        evaluate(clinic)
    (episode,) = episodes(northside, "fast")
    assert (episode.state, episode.metric, episode.value, episode.glucose) == ("active", "heart_rate", 130, None)
    assert episode.patient_id == northside.patients[0].pk
    assert episodes(southside, "fast") == []
    evaluate(northside)
    assert steps(northside, episode) == ["opened", "confirmed"], "the same measurement is looked at once"
    store(northside, 90)
    evaluate(northside)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        evaluate(northside)
    (episode,) = episodes(northside, "fast")
    assert steps(northside, episode) == ["opened", "confirmed", "eased", "resolved"]
    assert episode.eased_at is not None
    assert episode.ended_at == episode.eased_at + timedelta(minutes=10)


def test_also_of_a_patient_without_glucose_and_beside_other_alarms(northside: Clinic) -> None:
    """The first patient has readings, the second has none, and no evaluator has ever looked at it."""
    rule(northside)
    measure(northside, 50)
    store(northside, 130)
    store(northside, 131, patient=1)
    evaluate(northside)
    assert [one.patient_id for one in episodes(northside, "fast")] == [one.pk for one in northside.patients[:2]]
    assert len(episodes(northside, "urgent_low")) == 1


def test_what_was_late_on_arrival_never_alarms_and_what_came_back_is_news(northside: Clinic) -> None:
    rule(northside)
    store(northside, 150, minutes_ago(16))
    store(northside, 90, minutes_ago(2))
    evaluate(northside)
    assert episodes(northside, "fast") == []
    row = store(northside, 99, minutes_ago(7))
    evaluate(northside)
    with northside.scope(), transaction.atomic(), audited_elsewhere("rows of a test"):
        Measurement.objects.filter(pk=row.pk).update(value=140)
        mark_for_rules(patient_id=row.patient_id, measured_at=row.measured_at)
    evaluate(northside)
    (episode,) = episodes(northside, "fast")
    assert (episode.value, episode.confirmed_at) == (140, row.measured_at)


def test_measurements_are_asked_for_only_where_a_rule_does(northside: Clinic, southside: Clinic) -> None:
    rule(northside, patient=northside.patients[1])
    asked = {}
    for clinic in (northside, southside):
        store(clinic, 130)
        with CaptureQueriesContext(connection) as statements:
            evaluate(clinic)
        asked[clinic.organization.code, "first"] = [one for one in statements if "vitals_measurement" in one["sql"]]
    store(northside, 130, patient=1)
    with CaptureQueriesContext(connection) as statements:
        evaluate(northside)
    asked["northside", "second"] = [one for one in statements if "vitals_measurement" in one["sql"]]
    assert {who: len(found) for who, found in asked.items()} == {
        ("northside", "first"): 0,
        ("southside", "first"): 0,
        ("northside", "second"): 1,
    }
    assert len(episodes(northside, "fast")) == 1
