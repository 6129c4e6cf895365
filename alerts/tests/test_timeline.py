"""What a patient's timeline shows beside the alarms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from alerts.tests.evaluating import episodes, evaluate, measure, minutes_ago
from alerts.timeline import marks_of
from devices.services import assign_device, register_device
from readings.rows import ReadingRow
from readings.services import store_readings
from tests.clinics import Clinic
from tests.rest import problems

pytestmark = pytest.mark.django_db
TIMELINE = "/api/v1/users/user_5678/alerts/timeline"
# 00:00 in Berlin, long enough ago to be late.
NIGHT = datetime(2026, 3, 1, 23, tzinfo=UTC)
DAY = "?since=2026-03-01T12:00:00Z&until=2026-03-02T12:00:00Z"


@pytest.fixture
def receiver(northside: Clinic) -> Clinic:
    """The first patient's phone has a second receiver beside it: ``devices[2]``."""
    with northside.scope(), transaction.atomic():
        device = register_device(code="RECEIVER_1", kind="other")
        assign_device(device=device, patient=northside.patients[0], starts_at=datetime(2026, 1, 1, tzinfo=UTC))
    northside.devices.append(device)
    return northside


def shown(clinic: Clinic, query: str = "", role: str = "nurse") -> list[dict[str, Any]]:
    answer = clinic.api(role).get(f"{TIMELINE}{query}")
    assert answer.status_code == 200, answer.content
    items: list[dict[str, Any]] = answer.json()
    return items


def test_copies_never_alarm_and_stand_on_the_timeline_by_the_hour(receiver: Clinic, southside: Clinic) -> None:
    evaluate(receiver)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    for minutes in (50, 55, 60, 65):
        at = hour + timedelta(minutes=minutes)
        measure(receiver, 120, at)
        measure(receiver, 121, at + timedelta(seconds=20), device=2)
    evaluate(receiver)
    copies = [mark for mark in shown(receiver) if mark["kind"] == "copies"]
    assert [(mark["device"], mark["count"]) for mark in copies] == [("RECEIVER_1", 2), ("RECEIVER_1", 2)]
    assert copies[0]["since"] == f"{hour + timedelta(minutes=50, seconds=20):%Y-%m-%dT%H:%M:%S}Z"
    assert copies[0]["until"] == f"{hour + timedelta(minutes=55, seconds=20):%Y-%m-%dT%H:%M:%S}Z"
    assert [mark for mark in shown(southside) if mark["kind"] == "copies"] == []


def test_the_copy_of_a_value_just_above_the_limit_is_no_urgent_low(receiver: Clinic) -> None:
    evaluate(receiver)
    measure(receiver, 56, minutes_ago(1))
    measure(receiver, 55, minutes_ago(0.5), device=2)
    evaluate(receiver)
    assert episodes(receiver, "urgent_low") == []
    (mark,) = [mark for mark in shown(receiver) if mark["kind"] == "copies"]
    assert (mark["count"], mark["device"]) == (1, "RECEIVER_1")


def test_a_day_of_a_second_receiver_is_24_rows(receiver: Clinic) -> None:
    at = [NIGHT + timedelta(minutes=5 * place) for place in range(288)]
    ids = [(receiver.devices[0].pk, timedelta()), (receiver.devices[2].pk, timedelta(seconds=30))]
    with receiver.scope(), transaction.atomic():
        store_readings(rows=[ReadingRow(device, one + later, 110) for one in at for device, later in ids])
        marks = marks_of(patient=receiver.patients[0], since=NIGHT, until=NIGHT + timedelta(days=1))
    copies = [mark for mark in marks if mark.kind == "copies"]
    assert (len(copies), sum(mark.count or 0 for mark in copies)) == (24, 288)


def test_late_readings_stand_with_their_arrival(northside: Clinic) -> None:
    evaluate(northside)
    first, last = measure(northside, 120, minutes_ago(90)), measure(northside, 120, minutes_ago(85))
    evaluate(northside)
    (late,) = [mark for mark in shown(northside) if mark["kind"] == "late_readings"]
    assert (late["count"], late["device"]) == (2, None)
    assert late["since"] < late["until"] < late["arrivedAt"]
    since = f"{last + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    assert [mark for mark in shown(northside, f"?since={since}") if mark["kind"] == "late_readings"] == []
    assert first < last


def test_a_dip_of_a_night_is_marked_when_it_is_over(northside: Clinic, southside: Clinic) -> None:
    values = [110, 111, 110, 109, 110, 111, 110, 80, 39, 60, 88, 100, 108]
    northside.store(*values, until=NIGHT + timedelta(hours=1))
    southside.store(*values[:-2], until=NIGHT + timedelta(minutes=50))
    (dip,) = [mark for mark in shown(northside, DAY) if mark["kind"] == "possible_compression"]
    assert (dip["since"], dip["until"]) == ("2026-03-01T23:30:00Z", "2026-03-01T23:55:00Z")
    assert (dip["lowestGlucose"], dip["lowestGlucoseFlag"], dip["device"]) == (None, "low", "ARGUS_001234")
    assert [mark for mark in shown(southside, DAY) if mark["kind"] == "possible_compression"] == []


def test_a_dip_that_began_before_the_window_is_in_it(northside: Clinic) -> None:
    northside.store(110, 111, 110, 109, 110, 111, 110, 80, 54, 60, 88, 100, until=NIGHT + timedelta(minutes=55))
    for since, count in (("23:40", 1), ("23:56", 0)):
        found = shown(northside, f"?since=2026-03-01T{since}:00Z&until=2026-03-02T12:00:00Z")
        assert len([mark for mark in found if mark["kind"] == "possible_compression"]) == count


def test_a_patients_login_sees_its_own(northside: Clinic) -> None:
    northside.store(100, until=NIGHT)
    assert northside.api("patient").get("/api/v1/users/me/alerts/timeline").status_code == 200
    assert northside.api("patient").get("/api/v1/users/user_9012/alerts/timeline").status_code == 404


def test_a_window_that_is_none_or_too_long_is_refused(northside: Clinic) -> None:
    for query in ("?since=2026-03-02T00:00:00Z&until=2026-03-01T00:00:00Z", "?since=2026-03-01T00:00:00Z"):
        answer = northside.api("nurse").get(f"{TIMELINE}{query}")
        assert answer.status_code == 422
        assert problems(answer)
    with northside.scope(), pytest.raises(ValueError, match="14 days"):
        marks_of(patient=northside.patients[0], since=NIGHT, until=NIGHT + timedelta(days=15))


def test_a_possible_compression_low_alarms_with_other_words(northside: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the patient's clock it is always night: the test runs at any hour."""
    monkeypatch.setattr("analytics.compression._is_night", lambda *_: True)
    evaluate(northside)
    northside.store(*[110] * 7, 80)
    measure(northside, 54, datetime.now(UTC))
    evaluate(northside)
    (episode,) = episodes(northside, "urgent_low")
    assert (episode.state, episode.severity, episode.doubts) == ("active", "critical", ["possible_compression"])
    item = northside.api("nurse").get(f"/api/v1/alerts/{episode.public_id}").json()
    assert item["doubts"] == ["possible_compression"]
    assert item["doubtsInWords"][0].startswith("Possible compression low")
    assert item["events"][1]["detail"] == {"doubts": ["possible_compression"]}


def test_a_device_that_was_just_put_on_is_said_with_the_alarm(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        device = register_device(code="NEW_1")
        assign_device(device=device, patient=northside.patients[1], starts_at=minutes_ago(120))
    northside.devices.append(device)
    measure(northside, 50, device=2)
    measure(northside, 50, device=0)
    evaluate(northside)
    said = {one.patient_id: one.doubts for one in episodes(northside, "urgent_low")}
    assert said == {northside.patients[0].pk: [], northside.patients[1].pk: ["new_sensor"]}
