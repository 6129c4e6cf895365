"""A person's current glucose and history."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.services import assign_device
from edge.schema import CurrentGlucoseSerializer, DeviceReadingSerializer, HistoryItemSerializer
from readings.models import RangeFlag, read_public_id, reading_public_id
from readings.rows import ReadingRow
from readings.services import store_readings
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db
CURRENT = "/api/v1/users/{}/glucose/current"
HISTORY = "/api/v1/users/{}/glucose/history"
EXTRAS = {"trend", "rate", "unit", "rangeFlag"}
ITEM = {
    "id", "userId", "deviceId", "timestamp", "glucoseValue", "confidence", "sensorData", "batteryLevel",
    "signalQuality", "createdAt",
}  # fmt: skip


def history(client: Client, user: str = "user_5678", **query: Any) -> dict[str, Any]:
    answer = client.get(HISTORY.format(user), query)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def values(body: dict[str, Any]) -> list[int]:
    return [item["glucoseValue"] for item in body["items"]]


def test_current(northside: Clinic) -> None:
    northside.store(100, 110, 120, until=timezone.now() - timedelta(seconds=90))
    body = northside.api("viewer").get(CURRENT.format("user_5678")).json()
    assert set(body) == ITEM | EXTRAS | {"ageSeconds"}
    assert (body["glucoseValue"], body["unit"], body["rangeFlag"]) == (120, "mg/dL", "ok")
    assert (body["rate"], body["trend"]) == (2.0, "fortyFiveUp")
    assert 90 <= body["ageSeconds"] < 100
    assert body["timestamp"].endswith("Z")
    assert uuid.UUID(body["id"]).version == 8


def test_current_low_is_a_word(northside: Clinic) -> None:
    with northside.scope():
        rows = [ReadingRow(northside.devices[0].id, timezone.now(), 39, range_flag=RangeFlag.LOW)]
        store_readings(rows=rows)
    body = northside.api("nurse").get(CURRENT.format("user_5678")).json()
    assert (body["glucoseValue"], body["rangeFlag"], body["trend"]) == (None, "low", "notComputable")


def test_current_is_one_look_at_the_state(northside: Clinic, django_assert_num_queries: Any) -> None:
    northside.store(*range(100, 150))
    client = northside.api("nurse")
    # The sign-in with the principal; the scope, the patient with the state, the ledger. For both a savepoint in a
    # transaction's stead, and the data plane's role.
    with django_assert_num_queries(4 + 2 * 4):
        assert client.get(CURRENT.format("user_5678")).status_code == 200


def test_ways_to_name_a_patient(northside: Clinic) -> None:
    northside.store(100)
    login = str(northside.principal("patient").user_public_id)
    for client, names in (
        (northside.api("owner"), ["user_5678", login, login.upper()]),
        (northside.api("patient"), ["me", "user_5678", login]),
    ):
        for name in names:
            assert client.get(CURRENT.format(name)).json()["glucoseValue"] == 100
            assert values(history(client, name)) == [100]


def test_me_of_staff_says_what_to_do(northside: Clinic) -> None:
    for address in (CURRENT, HISTORY):
        answer = northside.api("nurse").get(address.format("me"))
        detail = "You are not a patient here: name a patient's code instead of me."
        assert (answer.status_code, answer.json()) == (404, {"detail": detail})


@pytest.mark.promise(12)
def test_foreign_missing_and_another_patient_are_the_same_404(northside: Clinic, southside: Clinic) -> None:
    northside.store(100, device=1)
    southside.store(100)
    foreign = str(southside.principal("patient").user_public_id)
    missing = str(uuid.uuid4())
    owner = str(northside.principal("owner").user_public_id)
    for client, names in (
        (northside.api("owner"), [foreign, missing, owner, "user_0", "x" * 100, "%00"]),
        (northside.api("patient"), [foreign, missing, owner, "user_9012", "user_0"]),
    ):
        for name in names:
            for address in (CURRENT, HISTORY):
                answer = client.get(address.format(name))
                assert answer.status_code == 404
                shown = name.replace("%00", "\x00")
                assert answer.json() == {"detail": f"No glucose readings found for user {shown}"}


def test_the_other_clinics_readings_never_show(northside: Clinic, southside: Clinic) -> None:
    southside.store(222)
    assert northside.api("owner").get(CURRENT.format("user_5678")).status_code == 404
    assert history(northside.api("owner")) == {"items": [], "next": None}


@pytest.mark.parametrize("address", [CURRENT, HISTORY])
def test_a_device_key_or_nobody_is_refused(northside: Clinic, address: str) -> None:
    for client in (northside.device_api(), Client(), Client(headers={"Authorization": "Bearer a.b.c"})):
        assert client.get(address.format("user_5678")).status_code == 401


def test_history_in_pages_without_a_gap_or_a_double(northside: Clinic) -> None:
    """Two devices, so that two readings of one instant stand on both sides of a page's end."""
    until = timezone.now()
    northside.store(*range(100, 110), until=until)
    with northside.scope():
        assign_device(device=northside.devices[1], patient=northside.patients[0], starts_at=until - timedelta(hours=2))
    northside.store(*range(200, 210), until=until, device=1)
    client = northside.api("clinician")
    whole = values(history(client, limit=1000))
    assert sorted(whole) == [*range(100, 110), *range(200, 210)]
    collected: list[int] = []
    cursor: str | None = None
    pages = 0
    while pages == 0 or cursor:
        page = history(client, limit=3, **({"cursor": cursor} if cursor else {}))
        collected += values(page)
        cursor = page["next"]
        pages += 1
    assert (collected, pages) == (whole, 7)


def test_history_before_1970_in_pages(northside: Clinic) -> None:
    first = datetime(1965, 1, 1, tzinfo=UTC)
    with northside.scope(), audited_elsewhere("a test"):
        northside.devices[0].assignments.all().update(starts_at=first)
    northside.store(100, 101, 102, until=first + timedelta(days=1))
    client = northside.api("nurse")
    page = history(client, since="1960-01-01T00:00:00Z", limit=2)
    assert values(page) == [102, 101]
    assert values(history(client, since="1960-01-01T00:00:00Z", cursor=page["next"])) == [100]


def test_answers_have_the_fields_of_the_schema() -> None:
    assert set(DeviceReadingSerializer().fields) == ITEM | {"rangeFlag"}
    assert set(HistoryItemSerializer().fields) == ITEM | EXTRAS
    assert set(CurrentGlucoseSerializer().fields) == ITEM | EXTRAS | {"ageSeconds"}


def test_history_items(northside: Clinic) -> None:
    northside.store(100)
    (item,) = history(northside.api("nurse"))["items"]
    assert set(item) == ITEM | EXTRAS
    assert (item["trend"], item["rangeFlag"], item["unit"]) == (None, "ok", "mg/dL")


@pytest.mark.parametrize(
    ("query", "count"), [("", 7), ("period=6h", 0), ("period=24h", 1), ("period=14d", 14), ("period=90d", 90)]
)
def test_periods(northside: Clinic, query: str, count: int) -> None:
    day = 24 * 60
    until = timezone.now() - timedelta(hours=12)
    northside.store(*[100] * 100, until=until, every_minutes=day)
    answer = northside.api("nurse").get(f"{HISTORY.format('user_5678')}?{query}")
    assert len(answer.json()["items"]) == count


def test_since_and_until(northside: Clinic) -> None:
    until = datetime(2026, 3, 1, tzinfo=UTC)
    northside.store(100, 101, 102, until=until)
    client = northside.api("nurse")
    assert values(history(client, since="2026-02-28T23:55:00Z")) == [102, 101]
    assert values(history(client, since="2026-02-28T23:55:00Z", until="2026-03-01T01:00:00+01:00")) == [101]


@pytest.mark.parametrize(
    ("query", "kind", "name"),
    [
        ("resolution=2m", "literal_error", "resolution"),
        ("period=8d", "literal_error", "period"),
        ("period=7d&since=2026-01-01T00:00:00Z", "window", None),
        ("cursor=x", "cursor", "cursor"),
        ("resolution=1h&cursor=x", "cursor", "cursor"),
        ("cursor=6f0f1f0c-5d3c-4a57-9c56-0c5f6d8f2a11", "cursor", "cursor"),
        (f"cursor={uuid.UUID(int=(2**48 - 1) << 80 | 8 << 76 | 2 << 62)}", "cursor", "cursor"),
        ("limit=0", "greater_than_equal", "limit"),
        ("period=7d&period=7d", "repeated", "period"),
        ("page=2", "extra_forbidden", "page"),
    ],
)
@pytest.mark.promise(38, 42)
def test_query_parameters_are_strict(northside: Clinic, query: str, kind: str, name: str | None) -> None:
    answer = northside.api("nurse").get(f"{HISTORY.format('user_5678')}?{query}")
    assert answer.status_code == 422
    (found,) = answer.json()["detail"]
    assert (found["type"], found["loc"]) == (kind, ["query", name] if name else ["query"])


@pytest.mark.parametrize("year", [1, 1969, 1970, 2026])
def test_a_public_id_gives_its_instant_back(year: int) -> None:
    instant = datetime(year, 1, 1, 0, 0, 0, 123000, tzinfo=UTC)
    assert read_public_id(reading_public_id(instant, 2**62 - 1)) == (instant, 2**62 - 1)
