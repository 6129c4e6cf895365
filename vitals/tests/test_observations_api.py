from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.roles import Role
from audit.models import Entry
from readings.models import EvaluationMark
from tests.clinics import Clinic
from vitals.catalogue import Metric
from vitals.models import Measurement, Observation
from vitals.tests.measuring import measure

PLACE = "/api/v1/patients/user_5678/observations"
SCALE = "/api/v1/patients/user_5678/oxygen-scale"
WELL: dict[str, Any] = {
    "respiratoryRate": 16,
    "bloodOxygen": 97,
    "onOxygen": False,
    "systolic": 120,
    "diastolic": 80,
    "heartRate": 70,
    "consciousness": "alert",
    "bodyTemperature": 36.9,
}


def post(clinic: Clinic, body: dict[str, Any], role: str = Role.NURSE, place: str = PLACE) -> Any:
    return clinic.api(role).post(place, body, content_type="application/json")


def test_observations_are_scored_and_kept_as_measurements(northside: Clinic, southside: Clinic) -> None:
    answer = post(northside, {**WELL, "heartRate": 115, "bodyTemperature": 38.4, "note": "after stairs"})

    assert answer.status_code == 201
    body = answer.json()
    assert (body["news2"]["total"], body["news2"]["risk"], body["news2"]["missing"]) == (3, "low", [])
    assert {"parameter": "heart_rate", "points": 2} in body["news2"]["parts"]
    assert "does not replace" in body["news2"]["caution"]
    assert body["madeBy"] == northside.people["nurse"].name
    with northside.scope():
        kept = {row.metric: (row.value, row.second_value, row.source) for row in Measurement.objects.all()}
    assert kept[Metric.BLOOD_PRESSURE] == (120, 80, "observation")
    assert len(kept) == 5
    with southside.scope():
        assert not Measurement.objects.exists()


def test_observations_wake_the_alarm_rules(northside: Clinic, southside: Clinic) -> None:
    post(northside, {"onOxygen": True})
    with northside.scope():
        assert not EvaluationMark.objects.exists()
    post(northside, WELL)

    with northside.scope():
        assert [mark.patient_id for mark in EvaluationMark.objects.all()] == [northside.patients[0].pk]
    with southside.scope():
        assert not EvaluationMark.objects.exists()


def test_the_newest_stands_first_for_staff_and_the_patient(northside: Clinic, southside: Clinic) -> None:
    earlier = datetime.now(UTC) - timedelta(hours=3)
    post(northside, {"heartRate": 80, "observedAt": earlier.isoformat()})
    post(northside, WELL)
    post(southside, {**WELL, "heartRate": 133})

    for role in (Role.VIEWER, Role.PATIENT):
        answer = northside.api(role).get(PLACE).json()
        assert [item["heartRate"] for item in answer["items"]] == [70, 80]
        assert answer["items"][1]["news2"]["total"] is None
        assert len(answer["items"][1]["news2"]["missing"]) == 6


def test_a_corrected_value_changes_the_score(northside: Clinic) -> None:
    post(northside, WELL)
    with northside.scope():
        row = Measurement.objects.get(metric=Metric.HEART_RATE)
        row.value = 135
        row.save(update_fields=["value"])
        # Another measurement of the same instant is none of it.
        measure(northside.patients[0], Metric.RESPIRATORY_RATE, [(row.measured_at, 30)])

    (item,) = northside.api(Role.NURSE).get(PLACE).json()["items"]
    assert (item["heartRate"], item["respiratoryRate"], item["news2"]["total"]) == (135, 16, 3)


@pytest.mark.parametrize(
    ("body", "place", "words"),
    [
        ({"heartRate": 351}, "heartRate", "less than or equal to 350"),
        ({"systolic": 310, "diastolic": 80}, "systolic", "less than or equal to 300"),
        ({"diastolic": 80}, "diastolic", "systolic value beside it"),
        ({"systolic": 80, "diastolic": 90}, "diastolic", "below the systolic"),
        ({"heartRate": "fast"}, "heartRate", "number"),
        ({"consciousness": "asleep"}, "consciousness", "not a valid choice"),
        ({"heartRate": 70, "observedAt": "2126-01-01T00:00:00Z"}, "observedAt", "future"),
        ({}, "", "at least one"),
        ({"note": "nothing"}, "", "at least one"),
        ({"total": 0}, "total", "not permitted"),
    ],
)
def test_what_nobody_can_have_is_refused(northside: Clinic, body: dict[str, Any], place: str, words: str) -> None:
    answer = post(northside, body)

    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    assert words in error["msg"]
    assert not place or error["loc"][-1] == place
    with northside.scope():
        assert not Measurement.objects.exists()
        assert not Observation.objects.exists()


def test_the_second_scale_is_a_clinicians_decision(northside: Clinic) -> None:
    before = post(northside, {**WELL, "bloodOxygen": 90}).json()
    decision = {"scale": "2", "reason": "confirmed hypercapnic failure"}
    refused = northside.api(Role.NURSE).put(SCALE, decision, content_type="application/json")
    decided = northside.api(Role.CLINICIAN).put(SCALE, decision, content_type="application/json")
    after = post(northside, {**WELL, "bloodOxygen": 90}).json()

    assert (refused.status_code, decided.status_code) == (403, 200)
    assert (before["scale"], before["news2"]["total"], after["scale"], after["news2"]["total"]) == ("1", 3, "2", 0)
    told = northside.api(Role.PATIENT).get(SCALE).json()
    assert (told["scale"], told["decisions"][0]["reason"]) == ("2", decision["reason"])
    # What was observed before keeps its scale.
    assert [item["scale"] for item in northside.api(Role.NURSE).get(PLACE).json()["items"]] == ["2", "1"]


def test_who_may_enter_and_what_the_ledger_says(northside: Clinic, southside: Clinic) -> None:
    for role in (Role.VIEWER, Role.PATIENT):
        assert post(northside, WELL, role).status_code == 403
    assert post(northside, WELL, place="/api/v1/patients/user_0000/observations").status_code == 404
    post(northside, WELL)

    with northside.scope():
        kinds = list(Entry.objects.filter(action="create").values_list("object_type", flat=True))
    assert kinds.count("vitals.observation") == 1
    assert kinds.count("vitals.measurement") == 5
