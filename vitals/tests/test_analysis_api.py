from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.roles import Role
from audit.models import Entry
from tests.clinics import Clinic
from vitals.catalogue import Metric
from vitals.tests.measuring import measure

AT = datetime(2026, 5, 20, 12, tzinfo=UTC)
AGGREGATE = "/api/v1/health/metrics/types/{}/aggregate"
TRENDS = "/api/v1/health/metrics/trends"


@pytest.fixture(autouse=True)
def measured(northside: Clinic, southside: Clinic) -> None:
    for clinic, value in ((northside, 70.0), (southside, 191.0)):
        with clinic.scope():
            measure(
                clinic.patients[0],
                Metric.HEART_RATE,
                [(AT + timedelta(hours=hours), value + hours) for hours in (0, 2, 4, 26)],
            )
            measure(clinic.patients[0], Metric.STEPS, [(AT, 1500), (AT + timedelta(hours=1), value)])


def test_days_are_aggregated_for_staff_and_the_patient(northside: Clinic) -> None:
    answers = [
        northside.api(Role.NURSE).get(AGGREGATE.format("heart_rate"), {"patient": "user_5678"}).json(),
        northside.api(Role.PATIENT).get(AGGREGATE.format("heart_rate")).json(),
    ]

    assert answers[0] == answers[1]
    assert answers[0] == {
        "metricType": "heart_rate",
        "aggregation": "day",
        "unit": "bpm",
        "timezone": answers[0]["timezone"],
        "items": [
            _item("2026-05-20", count=3, min=70, max=74, avg=72, median=72),
            _item("2026-05-21", count=1, min=96, max=96, avg=96, median=96),
        ],
    }


def test_weeks_begin_on_monday_and_steps_have_sums(northside: Clinic) -> None:
    query = {"patient": "user_5678", "aggregation": "week", "startDate": "2026-05-20", "endDate": "2026-05-20"}
    answer = northside.api(Role.NURSE).get(AGGREGATE.format("steps"), query).json()

    assert answer["items"] == [_item("2026-05-18", count=2, min=70, max=1500, avg=785, median=785, sum=1570)]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"startDate": "2026-05-01"}, 400, "Provide both startDate and endDate, or neither."),
        ({"startDate": "2026-05-02", "endDate": "2026-05-01"}, 400, "startDate cannot be after endDate."),
        ({"startDate": "1960-01-01", "endDate": "2026-05-01"}, 400, "Ask for 4000 periods at most"),
        ({"startDate": "0001-01-01", "endDate": "2026-05-01"}, 400, "can be asked for"),
        ({"aggregation": "hour"}, 422, "not a valid choice"),
        ({"patient": "user_0000"}, 422, "There is no patient with this code."),
        ({"patient": ""}, 422, ""),
    ],
)
def test_what_cannot_be_aggregated_is_refused(
    northside: Clinic, query: dict[str, str], status: int, words: str
) -> None:
    answer = northside.api(Role.NURSE).get(AGGREGATE.format("heart_rate"), {"patient": "user_5678", **query})

    assert answer.status_code == status
    assert words in answer.content.decode()


def test_staff_name_the_patient_and_kinds_are_known(northside: Clinic) -> None:
    unnamed = northside.api(Role.NURSE).get(AGGREGATE.format("heart_rate"))
    unknown = northside.api(Role.NURSE).get(AGGREGATE.format("aura"), {"patient": "user_5678"})

    assert (unnamed.status_code, unknown.status_code) == (422, 404)
    assert "Name the patient" in unnamed.content.decode()


def test_trends_compare_with_the_days_before(northside: Clinic) -> None:
    with northside.scope():
        measure(northside.patients[0], Metric.HEART_RATE, [(AT - timedelta(days=9), 60)])
    query = {"patient": "user_5678", "type": "heart_rate,body_weight", "days": "7", "endDate": "2026-05-21"}
    answer = northside.api(Role.CLINICIAN).get(TRENDS, query).json()

    assert (answer["firstDay"], answer["lastDay"]) == ("2026-05-15", "2026-05-21")
    rate, weight = answer["items"]
    assert rate["metricType"] == "heart_rate"
    # Two days, 72 and 96, each counting once, against 60.
    assert (rate["currentValue"], rate["previousValue"], rate["changePercent"], rate["trend"]) == (84, 60, 40, "up")
    assert rate["line"] == {"slopePerDay": 24, "intercept": 72, "rSquared": 1, "confidence": 0.2, "n": 2}
    assert [point["day"] for point in rate["dataPoints"]] == ["2026-05-20", "2026-05-21"]
    assert (weight["trend"], weight["currentValue"], weight["line"], weight["dataPoints"]) == (
        "no_data",
        None,
        None,
        [],
    )


@pytest.mark.parametrize(
    "query", [{"type": "aura"}, {"days": "0"}, {"days": "366"}, {"endDate": "0001-01-01"}, {"typ": "x"}]
)
def test_what_has_no_trend_is_refused(northside: Clinic, query: dict[str, str]) -> None:
    assert northside.api(Role.NURSE).get(TRENDS, {"patient": "user_5678", **query}).status_code == 422


def test_a_day_in_figures(northside: Clinic) -> None:
    with northside.scope():
        measure(northside.patients[0], Metric.BLOOD_PRESSURE, [(AT, 130, 85), (AT + timedelta(hours=1), 120, 75)])
    day = "/api/v1/patients/user_5678/daily-stats"
    answer = northside.api(Role.PATIENT).get(day, {"date": "2026-05-20"}).json()

    assert [(each["type"], each["count"], each["avg"]) for each in answer["vitals"]] == [
        ("heart_rate", 3, 72),
        ("blood_pressure", 2, 125),
    ]
    assert answer["vitals"][1]["diastolic"]["avg"] == 80
    assert northside.api(Role.NURSE).get(day).json()["vitals"] == []
    assert northside.api(Role.NURSE).get(day, {"date": "0001-01-01"}).status_code == 422
    assert northside.api(Role.NURSE).get("/api/v1/patients/user_0000/daily-stats").status_code == 404


def test_looks_are_in_the_ledger(northside: Clinic) -> None:
    northside.api(Role.NURSE).get(AGGREGATE.format("heart_rate"), {"patient": "user_5678"})
    northside.api(Role.NURSE).get(TRENDS, {"patient": "user_5678"})

    with northside.scope():
        kinds = set(Entry.objects.filter(patient_id=northside.patients[0].pk).values_list("object_type", flat=True))
    assert {"vitals.aggregate", "vitals.trends"} <= kinds


def _item(period: str, *, sum: float | None = None, **figures: float) -> dict[str, Any]:
    return {"period": period, **figures, "sum": sum, "diastolic": None}
