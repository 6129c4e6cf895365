"""Results over REST: what each answer says of itself, who may ask, and what is refused."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse

from audit.models import Entry
from patients.admissions.services import admit_patient
from patients.services import change_patient
from readings.rows import ReadingRow
from readings.services import store_readings
from readings.summaries import summarise_dirty_days
from reports.api.glucose.pages import PAGES, page_renderers
from reports.api.glucose.patient import AgpView
from reports.api.glucose.shapes import (
    AgpShape,
    ComparisonShape,
    DayShape,
    DaysShape,
    HourShape,
    PatientSummaryShape,
    ProfileShape,
)
from tenancy.models import GlucoseUnit, Organization
from tests.clinics import Clinic
from vitals.catalogue import Metric
from vitals.tests.measuring import measure

pytestmark = pytest.mark.django_db

OF_USER = "/api/v1/users/user_5678/analytics"
EVERY = ("summary", "agp", "days", "compare")


def wave(days: int) -> list[int]:
    """Every quarter of an hour."""
    return [round(130 + 70 * math.sin(step / 11) + 20 * math.sin(step / 97)) for step in range(days * 96)]


def fill(clinic: Clinic, *, days: int = 15, until: datetime | None = None, device: int = 0) -> None:
    clinic.store(*wave(days), until=until, every_minutes=15, device=device)


def get(clinic: Clinic, path: str, role: str = "nurse", status: int = 200, **options: Any) -> Any:
    answer = clinic.api(role).get(path, **options)
    assert answer.status_code == status, answer.content[:600]
    # NaN is not JSON, whatever Python's reader thinks.
    return json.loads(answer.content, parse_constant=pytest.fail)


def names(shape: type) -> set[str]:
    return set(shape().fields)


def keep_in(clinic: Clinic, unit: str) -> None:
    with clinic.scope(), transaction.atomic():
        Organization.objects.filter(pk=clinic.organization.pk).update(glucose_unit=unit)


def test_answers_have_their_documented_form_and_say_what_they_are(northside: Clinic) -> None:
    fill(northside)
    found = {kind: get(northside, f"{OF_USER}/{kind}?period=14d") for kind in EVERY}
    assert set(found["summary"]) == names(PatientSummaryShape)
    assert get(northside, "/api/v1/patients/user_5678/summary?period=14d") == found["summary"] | {
        "latest": {
            "glucose": found["summary"]["latest"]["glucose"] | {"ageSeconds": pytest.approx(0, abs=600)},
            "vitals": [],
        }
    }
    assert set(found["agp"]) == names(AgpShape)
    assert set(found["agp"]["hours"][0]) == names(HourShape)
    assert set(found["agp"]["days"][0]) == names(ProfileShape)
    assert set(found["days"]) == names(DaysShape)
    assert set(found["days"]["days"][0]) == names(DayShape)
    assert set(found["compare"]) == names(ComparisonShape)
    for answer in (found["summary"], found["agp"], found["days"], found["compare"]["period"]):
        assert answer["window"]["days"] == 14
        assert (answer["timezone"], answer["unit"], answer["definitionVersion"]) == ("UTC", "mg/dL", "1")
        assert answer["goals"]["preset"] == "adult"
    summary = found["summary"]
    assert sum(share.get("wholePercent", 0) for share in summary["timeInRanges"].values()) == 100
    assert summary["sufficiency"]["isSufficient"]
    assert summary["gmi"] == pytest.approx(3.31 + 0.02392 * summary["mean"], abs=0.01)
    assert [hour["hour"] for hour in found["agp"]["hours"]] == list(range(24))
    assert len(found["agp"]["days"]) == len(found["days"]["days"]) == 14
    assert sum(day["readings"] for day in found["days"]["days"]) == summary["readings"]
    # Of the 14 days before there is one at most: no change is told as if it were sound.
    assert (found["compare"]["isSound"], found["compare"]["against"]["gmi"]) == (False, None)


def test_a_clinic_of_mmol_reads_mmol(northside: Clinic) -> None:
    fill(northside)
    agp, days = f"{OF_USER}/agp", f"{OF_USER}/days"
    in_mg_dl, days_in_mg_dl = get(northside, agp), get(northside, days)
    keep_in(northside, GlucoseUnit.MMOL_L)
    in_mmol, days_in_mmol = get(northside, agp), get(northside, days)
    assert in_mmol["unit"] == "mmol/L"
    assert get(northside, f"{agp}?unit=mg/dL") == in_mg_dl
    assert in_mmol["goals"]["limits"] == {"veryLow": 3.0, "low": 3.9, "high": 10.0, "veryHigh": 13.9}
    for name in ("mean", "median", "sd", "iqr", "min", "max"):
        assert in_mmol[name] == pytest.approx(in_mg_dl[name] / 18.0182, abs=0.008)
    assert in_mmol["mage"]["average"] == pytest.approx(in_mg_dl["mage"]["average"] / 18.0182, abs=0.008)
    assert in_mmol["days"][3]["glucose"][5] == round(in_mg_dl["days"][3]["glucose"][5] / 18.0182, 1)
    assert in_mmol["hours"][9]["smoothed"]["p50"] == pytest.approx(
        in_mg_dl["hours"][9]["smoothed"]["p50"] / 18.0182, abs=0.008
    )
    assert days_in_mmol["total"]["mean"] == pytest.approx(days_in_mg_dl["total"]["mean"] / 18.0182, abs=0.008)
    # What has no unit, and what was classified, is the same.
    for name in ("cv", "gmi", "timeInRanges", "gri", "risk", "episodes", "grade"):
        assert in_mmol[name] == in_mg_dl[name]
    assert in_mmol["variability"]["gvp"] == in_mg_dl["variability"]["gvp"]


@pytest.mark.parametrize("values", [[], [140], [39, 39, 401]])
def test_few_readings_are_told_as_what_they_are(northside: Clinic, values: list[int]) -> None:
    if values:
        northside.store(*values)
    for kind in EVERY:
        for period in ("1d", "90d"):
            get(northside, f"{OF_USER}/{kind}?period={period}")
    summary = get(northside, f"{OF_USER}/summary")
    assert (summary["readings"], summary["gmi"]) == (len(values), None)
    assert not summary["sufficiency"]["isSufficient"]
    assert summary["sufficiency"]["reasons"][0] == ("less_than_a_day" if values else "no_readings")
    assert (summary["latest"]["glucose"] is None) == (not values)
    long = get(northside, f"{OF_USER}/summary?period=365d")
    assert (long["readings"], long["isExact"], long["risk"]) == (len(values), False, None)


def test_beyond_its_range_a_sensor_gives_no_number(northside: Clinic) -> None:
    with northside.scope():
        now = datetime.now(UTC)
        device = northside.devices[0].id
        rows = [(9, 39, -1), (6, 120, 0), (3, 401, 1)]
        store_readings(
            rows=[ReadingRow(device, now - timedelta(minutes=ago), value, range_flag=flag) for ago, value, flag in rows]
        )
    agp = get(northside, f"{OF_USER}/agp?period=7d")
    shown = [value for day in agp["days"] for value in day["glucose"]]
    assert sorted(shown, key=str) == [120, None, None]
    assert (agp["min"], agp["max"], agp["belowSensorRange"], agp["aboveSensorRange"]) == (120, 120, 1, 1)
    latest = get(northside, f"{OF_USER}/summary")["latest"]["glucose"]
    assert (latest["value"], latest["rangeFlag"]) == (None, "high")


def test_goals_of_pregnancy_change_what_is_in_range(northside: Clinic) -> None:
    fill(northside)
    before = get(northside, f"{OF_USER}/summary")
    with northside.scope(), transaction.atomic():
        change_patient(patient=northside.patients[0], changes={"glucose_goals": "pregnancy"})
    after = get(northside, f"{OF_USER}/summary")
    assert after["goals"]["limits"] == {"veryLow": 54, "low": 63, "high": 140, "veryHigh": None}
    assert after["timeInRanges"]["inRange"]["percent"] < before["timeInRanges"]["inRange"]["percent"]
    assert after["gri"] == before["gri"]
    days = get(northside, f"{OF_USER}/days")
    assert days["total"]["timeInRanges"] == after["timeInRanges"]


REFUSED = [
    "summary?period=2d",
    "summary?period=7d&since=2026-01-01T00:00:00Z",
    "summary?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z",
    "summary?since=2026-01-01T00:00:00Z&until=2026-05-01T00:00:00Z",
    "summary?since=2020-01-01T00:00:00Z",
    "summary?until=0001-01-02T00:00:00Z",
    "summary?since=2026-01-01T00:00:00",
    "summary?unit=mmol",
    "agp?period=180d",
    "days?first=2026-01-01",
    "days?first=2026-01-02&last=2026-01-01",
    "days?first=2024-01-01&last=2026-01-01",
    "days?first=0001-01-01&last=0001-01-01",
    "days?first=2026-01-01&last=2026-01-02&period=7d",
    "compare?againstSince=2026-01-01T00:00:00Z",
    "compare?againstSince=2026-01-01T00:00:00Z&againstUntil=2026-01-02T00:00:00Z",
]


def test_what_cannot_be_meant_is_refused(northside: Clinic) -> None:
    for query in REFUSED:
        get(northside, f"{OF_USER}/{query}", status=422)


def test_two_periods_that_were_named(northside: Clinic) -> None:
    now = datetime.now(UTC)
    northside.store(*[100] * 96, until=now - timedelta(days=3), every_minutes=15)
    northside.store(*[200] * 96, until=now - timedelta(minutes=1), every_minutes=15)

    def ends(days: float) -> str:
        return f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"

    query = f"since={ends(1)}&until={ends(0)}&againstSince={ends(4)}&againstUntil={ends(2.9)}"
    found = get(northside, f"{OF_USER}/compare?{query}")
    assert (found["period"]["mean"], found["against"]["mean"], found["change"]["mean"]) == (200, 100, 100)
    assert (found["change"]["inRange"], found["change"]["high"]) == (-100, 100)
    assert not found["isSound"]


@pytest.mark.promise(8, 9)
def test_a_look_is_written_and_others_are_not_seen(northside: Clinic, southside: Clinic) -> None:
    fill(northside, days=1)
    for kind in EVERY:
        get(northside, f"{OF_USER}/{kind}", role="patient")
        assert get(northside, "/api/v1/users/me/analytics/" + kind, role="patient")
        get(northside, f"/api/v1/users/user_9012/analytics/{kind}", role="patient", status=404)
    assert get(southside, f"{OF_USER}/summary")["readings"] == 0
    with northside.scope(), transaction.atomic():
        kinds = set(Entry.objects.filter(patient_id=northside.patients[0].pk).values_list("object_type", flat=True))
    assert {"analytics.summary", "analytics.agp", "analytics.days", "analytics.comparison"} <= kinds


def test_the_clinic_in_figures(northside: Clinic, southside: Clinic) -> None:
    now = datetime.now(UTC)
    fill(northside, until=now - timedelta(days=1))
    northside.store(*[100] * 40, until=now - timedelta(days=1, minutes=3), every_minutes=15, device=1)
    with northside.scope():
        summarise_dirty_days(limit=None)
    summary = get(northside, "/api/v1/analytics/summary")
    assert (summary["patients"], summary["devices"]["total"]) == (2, 2)
    assert 50 < summary["timeInRange"] < 90
    assert summary["timeInRangeOf"]["patients"] in (1, 2)
    trend = get(northside, "/api/v1/analytics/trends?period=7d&metric=mean")
    assert len(trend["points"]) == 7
    assert trend["change"] == pytest.approx(trend["value"] - trend["previous"], abs=0.02)
    assert 110 < trend["value"] < 150
    keep_in(northside, GlucoseUnit.MMOL_L)
    in_mmol = get(northside, "/api/v1/analytics/trends?period=7d&metric=mean")
    assert in_mmol["value"] == pytest.approx(trend["value"] / 18.0182, abs=0.01)
    for metric in (
        "cv",
        "gmi",
        "timeInRange",
        "timeInTightRange",
        "timeBelow",
        "timeAbove",
        "activePercent",
        "readings",
    ):
        assert get(northside, f"/api/v1/analytics/trends?metric={metric}")["value"] is not None
    nobody = get(southside, "/api/v1/analytics/trends")
    assert (nobody["points"], nobody["value"], nobody["change"]) == ([], None, None)
    assert get(southside, "/api/v1/analytics/summary")["timeInRange"] is None


def test_hours_and_the_newest_of_vital_signs(northside: Clinic, southside: Clinic) -> None:
    hour = (datetime.now(UTC) - timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    for clinic, base in ((northside, 60.0), (southside, 160.0)):
        with clinic.scope(), transaction.atomic():
            measure(
                clinic.patients[0],
                Metric.HEART_RATE,
                [(hour + timedelta(minutes=at), base + at) for at in (0, 20, 40, 70)],
            )
            measure(clinic.patients[0], Metric.BLOOD_PRESSURE, [(hour, 121, 79)])

    found = get(northside, "/api/v1/analytics/hourly-stats?type=heart_rate")
    assert found["unit"] == "bpm"
    assert [(item["patient"], item["n"], item["avg"], item["min"], item["max"]) for item in found["items"]] == [
        ("user_5678", 3, 80, 60, 100),
        ("user_5678", 1, 130, 130, 130),
    ]
    with northside.scope(), transaction.atomic():
        admit_patient(patient=northside.patients[0], admitted_by="Nora Nurse", room="12 B")
    summary = get(northside, f"{OF_USER}/summary")
    assert (summary["admission"]["room"], summary["admission"]["status"]) == ("12 B", "admitted")
    assert get(southside, f"{OF_USER}/summary")["admission"] is None
    latest = summary["latest"]["vitals"]
    assert [(each["type"], each["value"], each["unit"]) for each in latest] == [
        ("heart_rate", 130, "bpm"),
        ("blood_pressure", "121/79", "mmHg"),
    ]


def test_hours_of_all_and_of_one(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        change_patient(patient=northside.patients[0], changes={"timezone": "Asia/Kathmandu"})
    noon = datetime(2026, 10, 24, 12, tzinfo=UTC)
    northside.store(100, 120, 140, 160, until=noon, every_minutes=10)
    northside.store(80, until=noon, device=1)
    window = "since=2026-10-24T00:00:00Z&until=2026-10-25T00:00:00Z"
    path = f"/api/v1/analytics/hourly-stats?{window}"
    found = get(northside, path)
    # Kathmandu is five hours and three quarters ahead: its hour begins at a quarter past.
    assert [(item["hour"], item["patient"], item["n"], item["avg"]) for item in found["items"]] == [
        ("2026-10-24T11:15:00Z", "user_5678", 4, 130),
        ("2026-10-24T12:00:00Z", "user_9012", 1, 80),
    ]
    assert (found["next"], found["unit"], found["type"]) == (None, "mg/dL", "glucose")
    first = get(northside, f"{path}&limit=1")
    assert first["items"] == found["items"][:1]
    assert get(northside, f"{path}&limit=1&cursor={first['next']}")["items"] == found["items"][1:]
    assert get(northside, f"{path}&patient=user_9012")["items"] == found["items"][1:]
    for wrong in ("type=aura", "patient=nobody", "limit=0", "since=2026-01-01T00:00:00Z", "cursor=user_5678"):
        get(northside, f"/api/v1/analytics/hourly-stats?{wrong}", status=422)


def test_a_page_is_drawn_by_who_is_registered_for_its_form(northside: Clinic, monkeypatch: Any) -> None:
    def drawn(request: Any, patient: Any, window: Any) -> HttpResponse:
        return HttpResponse(f"{patient.code} {window.days}", content_type="text/x-drawn")

    monkeypatch.setitem(PAGES, "text/x-drawn", drawn)
    monkeypatch.setattr(AgpView, "renderer_classes", [AgpView.renderer_classes[0], *page_renderers()])
    path, wanted = f"{OF_USER}/agp", {"Accept": "text/x-drawn"}
    answer = northside.api("nurse").get(path, headers=wanted)
    assert (answer.status_code, answer.content) == (200, b"user_5678 14")
    refused = northside.api("nurse").get(f"{path}?period=2d", headers=wanted)
    assert (refused.status_code, refused.headers["Content-Type"]) == (422, "application/json")
    assert "detail" in refused.json()
    assert "hours" in get(northside, path)
