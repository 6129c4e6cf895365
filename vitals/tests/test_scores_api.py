from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from audit.models import Entry
from readings.history.days import ONE_DAY, day_of, start_of_day
from readings.models import DaySummary
from tests.clinics import Clinic
from vitals.catalogue import Metric
from vitals.models import Activity, Goal, HealthScore
from vitals.tests.measuring import measure

SCORES, ACTIVITIES, GOALS = "/api/v1/health-scores", "/api/v1/activities", "/api/v1/health-goals"
SCORE: dict[str, Any] = {"overallScore": 71.5, "date": "2026-03-02", "categoryScores": {"sleep": 80}}
RUN: dict[str, Any] = {
    "activityType": "running",
    "startTime": "2026-03-02T07:00:00Z",
    "metrics": {"durationSeconds": 1800, "caloriesBurned": 300, "heartRateAvg": 140, "heartRateMax": 170},
}
GOAL: dict[str, Any] = {"name": "Walk", "metricType": "steps", "targetValue": 8000, "startDate": "2026-01-01"}


def send(clinic: Clinic, method: str, place: str, body: dict[str, Any], role: str = Role.PATIENT) -> Any:
    return getattr(clinic.api(role), method)(place, body, content_type="application/json")


@pytest.mark.parametrize(
    ("place", "body", "change", "model"),
    [
        (SCORES, SCORE, {"overallScore": 50.0}, HealthScore),
        (ACTIVITIES, RUN, {"name": "Along the river"}, Activity),
        (GOALS, GOAL, {"targetValue": 9000.0}, Goal),
    ],
)
def test_what_is_noted_is_kept_changed_and_deleted(
    northside: Clinic, southside: Clinic, place: str, body: dict[str, Any], change: dict[str, Any], model: Any
) -> None:
    made = send(northside, "post", place, body)
    assert made.status_code == 201, made.json()
    one = f"{place}/{made.json()['id']}"
    named = {**body, "patient": northside.patients[0].code}
    assert send(northside, "post", place, named, Role.NURSE).status_code == 201
    assert send(northside, "post", place, named, Role.VIEWER).status_code == 403
    assert send(northside, "post", place, body, Role.NURSE).status_code == 422

    changed = send(northside, "put", one, change)
    assert changed.status_code == 200
    assert changed.json() == {**made.json(), **change}
    assert southside.api(Role.OWNER).get(one).status_code == 404
    assert southside.api(Role.PATIENT).get(place).json()["items"] == []
    assert len(northside.api(Role.PATIENT).get(place).json()["items"]) == 2

    assert northside.api(Role.PATIENT).delete(one).status_code == 204
    assert northside.api(Role.PATIENT).get(one).status_code == 404
    with northside.scope():
        assert model.objects.count() == 1
        acts = set(Entry.objects.filter(object_type=model._meta.label_lower).values_list("action", flat=True))
    assert {"create", "update", "delete"} <= acts


@pytest.mark.parametrize(
    ("place", "body", "field", "words"),
    [
        (SCORES, {**SCORE, "overallScore": 100.5}, "overallScore", "less than or equal to 100"),
        (SCORES, {**SCORE, "categoryScores": {"sleep": -1}}, "categoryScores", "greater than or equal to 0"),
        (SCORES, {**SCORE, "metricsConsidered": ["luck"]}, "metricsConsidered", "no kinds of measurements"),
        (ACTIVITIES, {**RUN, "activityType": "chess"}, "activityType", "not a valid choice"),
        (ACTIVITIES, {**RUN, "endTime": "2026-03-02T06:00:00Z"}, "endTime", "before it begins"),
        (ACTIVITIES, {**RUN, "metrics": {"heartRateAvg": 29}}, "heartRateAvg", "greater than or equal to 30"),
        (ACTIVITIES, {**RUN, "metrics": {"heartRateAvg": 180, "heartRateMax": 170}}, "heartRateAvg", "highest"),
        (GOALS, {**GOAL, "metricType": "blood_pressure", "unit": "mmHg"}, "metricType", "blood pressure has two"),
        (GOALS, {**GOAL, "unit": "kg"}, "unit", "is not a unit of steps"),
        (GOALS, {**GOAL, "targetValue": 0}, "targetValue", "above 0"),
        (GOALS, {**GOAL, "targetDate": "2025-12-31"}, "targetDate", "before the start"),
    ],
)
def test_what_cannot_be_is_refused(northside: Clinic, place: str, body: dict[str, Any], field: str, words: str) -> None:
    answer = send(northside, "post", place, body)

    assert answer.status_code == 422
    errors = answer.json()["detail"]
    assert any(words in error["msg"] and field in error["loc"] for error in errors), errors


def test_lists_name_both_days_or_neither(northside: Clinic) -> None:
    for place, body, name in ((SCORES, SCORE, "date"), (ACTIVITIES, RUN, "startTime")):
        for day in ("2026-03-01", "2026-03-03", "2026-03-02"):
            clock = "T12:00:00Z" if place == ACTIVITIES else ""
            assert send(northside, "post", place, {**body, name: day + clock}).status_code == 201
        api = northside.api(Role.PATIENT)
        found = api.get(place, {"startDate": "2026-03-02", "endDate": "2026-03-03"}).json()["items"]
        assert [item[name][:10] for item in found] == ["2026-03-03", "2026-03-02"]
        assert api.get(place, {"startDate": "2026-03-02"}).status_code == 400
        assert api.get(place, {"startDate": "2026-03-03", "endDate": "2026-03-02"}).status_code == 400


def test_activities_come_to_a_score(northside: Clinic, southside: Clinic) -> None:
    now = datetime.now(UTC)
    for days, clinic in ((1, northside), (2, northside), (10, northside), (1, southside)):
        started = now - timedelta(days=days)
        assert send(clinic, "post", ACTIVITIES, {**RUN, "startTime": started.isoformat()}).status_code == 201

    api = northside.api(Role.PATIENT)
    place = f"{ACTIVITIES}/calculate-score"
    # 2 x (30 min / 10 + 300 kcal / 100 + 2)
    assert api.get(place).json() == {
        "score": 16.0,
        "days": 7,
        "parts": {"minutes": 6.0, "calories": 6.0, "activities": 4.0},
    }
    assert api.get(place, {"days": 30}).json()["score"] == 24.0
    assert api.get(place, {"days": 0}).status_code == 422


def test_goals_follow_from_measurements(northside: Clinic, southside: Clinic) -> None:
    patient, other = northside.patients[0], southside.patients[0]
    day = start_of_day(day_of(datetime.now(UTC), patient.zone) - 2 * ONE_DAY, patient.zone)
    over = (day_of(day, patient.zone)).isoformat()
    with northside.scope():
        measure(patient, Metric.STEPS, [(day + timedelta(hours=hour), 3000) for hour in (8, 18)])
        measure(patient, Metric.BODY_WEIGHT, [(day + timedelta(hours=8), 80), (day - timedelta(days=9), 95)])
    with southside.scope():
        measure(other, Metric.STEPS, [(day + timedelta(hours=8), 30_000)])

    walked = send(northside, "post", GOALS, {**GOAL, "targetDate": over}).json()
    weight = {**GOAL, "metricType": "body_weight", "direction": "at_most", "unit": "lb"}
    heavy = send(northside, "post", GOALS, {**weight, "targetValue": 160}).json()
    light = send(northside, "post", GOALS, {**weight, "targetValue": 180}).json()

    assert (walked["currentValue"], walked["progressPercentage"], walked["isAchieved"]) == (6000, 75.0, False)
    assert (heavy["currentValue"], heavy["progressPercentage"], heavy["isAchieved"]) == (
        pytest.approx(176.37, abs=0.01),
        90.7,
        False,
    )
    assert (light["progressPercentage"], light["isAchieved"]) == (100.0, True)
    with CaptureQueriesContext(connection) as asked:
        listed = northside.api("nurse").get(GOALS, {"patient": patient.code}).json()["items"]
    assert listed == [light, heavy, walked]
    assert len([query for query in asked if "vitals_measurement" in query["sql"]]) == 1
    later = send(northside, "put", f"{GOALS}/{light['id']}", {"unit": "kg", "targetValue": 79}).json()
    assert (later["currentValue"], later["isAchieved"]) == (80, False)


def test_the_score_of_a_day_shows_its_parts(northside: Clinic, southside: Clinic) -> None:
    patient = northside.patients[0]
    day = day_of(datetime.now(UTC), patient.zone) - 3 * ONE_DAY
    noon = start_of_day(day, patient.zone) + timedelta(hours=12)
    with northside.scope():
        summary(northside, day, readings=280)
        summary(northside, day + ONE_DAY, readings=100)
        measure(patient, Metric.STEPS, [(noon, 2000), (noon + timedelta(hours=1), 2000)])
        measure(patient, Metric.SLEEP_DURATION, [(noon, 480)])

    query = {"startDate": day.isoformat(), "endDate": (day + ONE_DAY).isoformat()}
    answer = northside.api(Role.PATIENT).get(f"{SCORES}/computed", query).json()

    (item,) = answer["items"]
    points = {part["part"]: (part["points"], part["weight"]) for part in item["parts"]}
    assert points == {"glucose": (90.0, 30), "activity": (50.0, 20), "sleep": (100.0, 20)}
    assert item["score"] == round((90 * 30 + 50 * 20 + 100 * 20) / 70, 1)
    assert item["missing"] == ["heart", "blood_pressure", "wellbeing"]
    assert item["parts"][1]["values"] == {"steps": 4000.0}
    assert (answer["version"], answer["timezone"]) == ("1", patient.timezone)
    assert southside.api(Role.PATIENT).get(f"{SCORES}/computed", query).json()["items"] == []
    for wrong in ({"startDate": "2026-01-01"}, {"startDate": "2026-01-01", "endDate": "2026-06-01"}):
        assert northside.api(Role.PATIENT).get(f"{SCORES}/computed", wrong).status_code == 400


def summary(clinic: Clinic, day: Any, *, readings: int) -> None:
    """70 % in range and nothing below."""
    patient = clinic.patients[0]
    starts_at, in_range = start_of_day(day, patient.zone), readings * 7 // 10
    DaySummary.objects.create(
        patient=patient,
        day=day,
        timezone=patient.timezone,
        starts_at=starts_at,
        ends_at=start_of_day(day + ONE_DAY, patient.zone),
        count=readings,
        below_sensor_range=0,
        above_sensor_range=0,
        very_low=0,
        low=0,
        in_range=in_range,
        high=readings - in_range,
        very_high=0,
        total=150 * readings,
        squares=22_500 * readings,
        histogram_from=0,
        histogram=[],
        hour_counts=[],
        hour_totals=[],
        hour_minima=[],
        hour_maxima=[],
        summarised_at=starts_at,
    )
