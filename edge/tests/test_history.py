"""Histories by minutes, hours and days over HTTP; how buckets come about is tested beside ``readings.history``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from patients.services import change_patient
from readings.rows import ReadingRow
from readings.services import store_readings
from readings.summaries import summarise_dirty_days
from tests.clinics import Clinic
from tests.rest import problems

pytestmark = pytest.mark.django_db
PATH = "/api/v1/users/user_5678/glucose/history"
MIDNIGHT = datetime(2026, 3, 10, 23, tzinfo=UTC)  # in Berlin


@pytest.fixture
def berlin(northside: Clinic) -> Clinic:
    """Two hours of readings each five minutes from Berlin's midnight on: 100 to 123 mg/dL."""
    with northside.scope():
        change_patient(patient=northside.patients[0], changes={"timezone": "Europe/Berlin"})
    northside.store(*range(100, 124), until=MIDNIGHT + timedelta(minutes=115))
    return northside


def ask(clinic: Clinic, role: str = "nurse", **parameters: str) -> Any:
    return clinic.api(role).get(PATH, {"since": "2026-03-01T00:00:00Z", **parameters})


def test_hours_begin_at_the_patients_midnight(berlin: Clinic) -> None:
    body = ask(berlin, resolution="1h").json()
    assert (body["resolution"], body["timezone"], body["unit"]) == ("1h", "Europe/Berlin", "mg/dL")
    newer, older = body["items"]
    assert older == {
        **{"start": "2026-03-10T23:00:00.000Z", "min": 100, "max": 111, "mean": 105.5, "n": 12},
        **{"below": 0, "above": 0},
    }
    assert (newer["start"], newer["min"], newer["max"]) == ("2026-03-11T00:00:00.000Z", 112, 123)
    assert body["next"] is None


@pytest.mark.parametrize(("resolution", "count"), [("1m", 24), ("5m", 24), ("15m", 8), ("1h", 2), ("1d", 1)])
def test_each_resolution(berlin: Clinic, resolution: str, count: int) -> None:
    items = ask(berlin, resolution=resolution).json()["items"]
    assert len(items) == count
    assert sum(item["n"] for item in items) == 24


def test_summaries_and_readings_say_the_same(berlin: Clinic) -> None:
    raw = {name: ask(berlin, resolution=name).json() for name in ("1h", "1d")}
    with berlin.scope():
        summarise_dirty_days()
    assert {name: ask(berlin, resolution=name).json() for name in raw} == raw


def test_pages_follow_each_other(berlin: Clinic) -> None:
    whole = [item["start"] for item in ask(berlin, resolution="15m").json()["items"]]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask(berlin, resolution="15m", limit="3", **cursor).json()
        found += [item["start"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == whole


def test_low_and_high_are_words_and_never_numbers(northside: Clinic) -> None:
    device = northside.devices[0].id
    with northside.scope():
        store_readings(
            rows=[
                ReadingRow(device, MIDNIGHT, 39, range_flag=-1),
                ReadingRow(device, MIDNIGHT + timedelta(minutes=5), 401, range_flag=1),
            ]
        )
    (bucket,) = ask(northside, resolution="1h").json()["items"]
    assert bucket["n"] == 2
    assert (bucket["below"], bucket["above"]) == (1, 1)
    assert (bucket["min"], bucket["max"], bucket["mean"]) == (None, None, None)
    assert [item["glucoseValue"] for item in ask(northside).json()["items"]] == [None, None]


def test_a_page_holds_two_weeks_of_a_sensor(northside: Clinic) -> None:
    assert ask(northside, limit="5000").status_code == 200
    assert problems(ask(northside, limit="5001")) == [("less_than_equal", ["query", "limit"])]


@pytest.mark.parametrize("cursor", ["x", "2026-03-11", "2026-03-11T00:00:00", "6f0f1f0c-5d3c-4a57-9c56-0c5f6d8f2a11"])
def test_what_is_no_cursor(berlin: Clinic, cursor: str) -> None:
    assert problems(ask(berlin, resolution="1h", cursor=cursor)) == [("cursor", ["query", "cursor"])]


def test_another_clinics_and_another_patients_history(berlin: Clinic, southside: Clinic) -> None:
    southside.store(200, until=MIDNIGHT)
    assert [item["n"] for item in ask(southside, resolution="1d").json()["items"]] == [1]
    other = berlin.api("patient").get("/api/v1/users/user_9012/glucose/history", {"resolution": "1d"})
    assert (other.status_code, other.json()) == (404, {"detail": "No glucose readings found for user user_9012"})
