"""A device's readings: list, latest, statistics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import stdev
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from devices.services import assign_device
from edge.schema import StatisticsSerializer
from edge.tests.posting import path
from readings.history import DeviceKey, device_page_steps, device_statistics_steps
from readings.models import GlucoseReading, RangeFlag
from readings.rows import ReadingRow
from readings.services import store_readings
from readings.store import run_steps
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db
URL = f"/api/v1{path()}"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ITEM = {
    "id", "userId", "deviceId", "timestamp", "glucoseValue", "confidence", "sensorData", "batteryLevel",
    "signalQuality", "createdAt",
}  # fmt: skip


def values(client: Client, **query: Any) -> list[int]:
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.content
    return [item["glucoseValue"] for item in answer.json()]


def test_newest_first_with_limit_offset_and_window(northside: Clinic, southside: Clinic) -> None:
    northside.store(100, 101, 102, 103, until=NOON)
    southside.store(200, until=NOON)
    client = northside.device_api()
    assert values(client) == [103, 102, 101, 100]
    assert values(client, limit=2) == [103, 102]
    assert values(client, limit=2, offset=1) == [102, 101]
    assert values(client, offset=4) == []
    since, until = ((NOON - timedelta(minutes=minutes)).isoformat() for minutes in (10, 0))
    assert values(client, since=since) == [103, 102, 101]
    assert values(client, since=since, until=until) == [102, 101]


def test_an_item_has_the_fields_of_the_contract(northside: Clinic) -> None:
    northside.store(100, until=NOON)
    (item,) = northside.device_api().get(URL).json()
    assert set(item) == ITEM
    assert item["timestamp"] == "2026-03-01T12:00:00.000Z"
    assert (item["userId"], item["deviceId"], item["glucoseValue"]) == ("user_5678", "ARGUS_001234", 100)
    assert item["confidence"] is item["sensorData"] is item["batteryLevel"] is item["signalQuality"] is None


@pytest.mark.parametrize(("glucose", "flag", "word"), [(39, RangeFlag.LOW, "low"), (401, RangeFlag.HIGH, "high")])
def test_low_and_high_are_never_numbers(northside: Clinic, glucose: int, flag: RangeFlag, word: str) -> None:
    with northside.scope():
        store_readings(rows=[ReadingRow(northside.devices[0].id, NOON, glucose, range_flag=flag)])
    (item,) = northside.device_api().get(URL).json()
    assert (item["glucoseValue"], item["rangeFlag"]) == (None, word)
    assert str(glucose) not in northside.device_api().get(f"{URL}/stats").content.decode()


def test_who_may_read(northside: Clinic, southside: Clinic) -> None:
    northside.store(100)
    readers = [northside.device_api(), northside.device_api(northside.organization_key)]
    readers += [northside.api(role) for role in northside.people]
    assert [values(reader) for reader in readers] == [[100]] * len(readers)
    for stranger in (southside.device_api(), southside.api("owner")):
        assert values(stranger) == []
    anonymous = Client().get(URL)
    assert anonymous.status_code == 401


def test_a_device_that_is_not_the_callers_is_missing(northside: Clinic, southside: Clinic) -> None:
    """A device's key and a patient's login see their own; the same 404 for missing, foreign and another's."""
    northside.store(150, device=1)
    callers = [(northside.device_api(), "ARGUS_002468"), (northside.api("patient"), "ARGUS_002468")]
    callers += [(northside.api("owner"), str(southside.devices[0].public_id)), (northside.api("owner"), "ARGUS_9")]
    for client, device in callers:
        for ending in ("", "/latest", "/stats"):
            answer = client.get(f"/api/v1{path(device)}{ending}")
            assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


def test_a_patients_login_sees_only_its_own_time_with_the_device(northside: Clinic) -> None:
    northside.store(100, until=NOON)
    with northside.scope():
        assign_device(device=northside.devices[0], patient=northside.patients[1], starts_at=NOON + timedelta(minutes=1))
    northside.store(200, until=NOON + timedelta(minutes=2))
    assert values(northside.api("nurse")) == [200, 100]
    assert values(northside.device_api()) == [200, 100]
    assert values(northside.api("patient")) == [100]
    assert northside.api("patient").get(f"{URL}/stats").json()["count"] == 1


def test_latest(northside: Clinic) -> None:
    missing = northside.device_api().get(f"{URL}/latest")
    text = "No glucose readings found for device ARGUS_001234"
    assert (missing.status_code, missing.json()) == (404, {"detail": text})
    northside.store(100, 101, until=NOON)
    latest = northside.device_api().get(f"{URL}/latest").json()
    assert set(latest) == ITEM
    assert latest["glucoseValue"] == 101


def test_statistics(northside: Clinic) -> None:
    sent = [53, 54, 69, 70, 180, 181, 250, 251]
    northside.store(*sent, until=NOON)
    body = northside.device_api().get(f"{URL}/stats").json()
    assert {name: body[name] for name in ("count", "min", "max", "avg", "median", "std", "unit")} == {
        "count": 8, "min": 53, "max": 251, "avg": 138.5, "median": 125.0, "std": round(stdev(sent), 1), "unit": "mg/dL",
    }  # fmt: skip
    assert set(body) == set(StatisticsSerializer().fields)
    assert body["timeInRanges"] == {
        "veryLow": {"count": 1, "percent": 12.5},
        "low": {"count": 2, "percent": 25.0},
        "inRange": {"count": 2, "percent": 25.0},
        "high": {"count": 2, "percent": 25.0},
        "veryHigh": {"count": 1, "percent": 12.5},
    }
    window = {"since": (NOON - timedelta(minutes=5)).isoformat(), "until": NOON.isoformat()}
    assert northside.device_api().get(f"{URL}/stats", window).json()["count"] == 1


def test_statistics_of_nothing_and_of_flagged_readings(northside: Clinic) -> None:
    empty = northside.device_api().get(f"{URL}/stats").json()
    assert (empty["count"], empty["min"], empty["avg"], empty["std"]) == (0, None, None, None)
    assert empty["timeInRanges"]["inRange"] == {"count": 0, "percent": None}
    with northside.scope():
        device = northside.devices[0].id
        store_readings(
            rows=[ReadingRow(device, NOON, 39, range_flag=RangeFlag.LOW), ReadingRow(device, timezone.now(), 90)]
        )
    body = northside.device_api().get(f"{URL}/stats").json()
    assert (body["count"], body["min"], body["max"]) == (2, 90, 90)
    assert (body["belowSensorRange"], body["timeInRanges"]["veryLow"]["count"]) == (1, 1)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("limit=0", "greater_than_equal"),
        ("limit=1001", "less_than_equal"),
        ("limit=1_0", "int_parsing"),
        ("limit=%D9%A1", "int_parsing"),
        ("limit=1.0", "int_parsing"),
        ("limit=", "int_parsing"),
        (f"limit={'9' * 5000}", "int_parsing"),
        ("limit=1%00", "int_parsing"),
        ("limit=1&limit=2", "repeated"),
        ("offset=-1", "greater_than_equal"),
        ("offset=99999999999", "less_than_equal"),
        ("since=2026-01-01", "datetime_parsing"),
        ("since=2026-01-01T00:00:00", "timezone_aware"),
        ("since=1767225600", "datetime_parsing"),
        ("since=%00", "datetime_from_date_parsing"),
        ("since=0001-01-01T00:00:00%2B14:00", "datetime_parsing"),
        ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "window"),
        ("untill=2026-01-01T00:00:00Z", "extra_forbidden"),
    ],
)
@pytest.mark.promise(38, 42)
def test_query_parameters_are_strict(northside: Clinic, query: str, kind: str) -> None:
    answer = northside.device_api().get(f"{URL}?{query}")
    assert answer.status_code == 422
    (found,) = answer.json()["detail"]
    assert (found["type"], found["loc"][0]) == (kind, "query")


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_ends_of_time(northside: Clinic, since: str) -> None:
    northside.store(100)
    assert values(northside.device_api(), since=since) == ([100] if since < "2" else [])


def test_many_periods_are_read_as_ranges_of_the_key(northside: Clinic) -> None:
    """Periods before, between and after; never a scan of a whole partition."""
    device, patients = northside.devices[0], northside.patients
    with northside.scope():
        for hour in range(6):
            starts_at = NOON + timedelta(hours=hour)
            northside.store(100 + hour, until=starts_at - timedelta(minutes=1))
            assign_device(device=device, patient=patients[(hour + 1) % 2], starts_at=starts_at)
        assert [found.glucose for found in newest(device, limit=4, offset=1)] == [104, 103, 102, 101]
        key = DeviceKey(northside.organization.id, device.pk)
        assert run_steps(device_statistics_steps(key, since=NOON, until=None)).count == 5
        plan = explained(device)
    assert "Seq Scan on readings_glucosereading" not in plan
    assert plan.count("Index Cond") > 0


def newest(device: Any, **page: int) -> Any:
    key = DeviceKey(device.organization_id, device.pk)
    return run_steps(device_page_steps(key, public_number=device.public_number, since=None, until=None, **page))


def explained(device: Any) -> str:
    """The plan of the list's statement on a table with enough rows for the planner to prefer an index."""
    captured: list[tuple[str, Any]] = []

    def capture(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        captured.append((sql, params))
        return execute(sql, params, many, context)

    with transaction.atomic(), connection.execute_wrapper(capture):
        newest(device, limit=10)
    sql, params = captured[-1]
    rows = [ReadingRow(device.pk, timezone.now() - timedelta(seconds=30 * index), 100) for index in range(5000)]
    store_readings(rows=rows)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", params)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_copies_are_listed_but_not_counted(northside: Clinic) -> None:
    northside.store(100, 101, until=NOON)
    with northside.scope(), transaction.atomic():
        values_before = GlucoseReading.objects.filter(glucose=101).values().get()
        northside.devices[0].refresh_from_db()
        copy = {**values_before, "measured_at": NOON + timedelta(minutes=1), "is_copy": True}
        copy.pop("pk", None)
        GlucoseReading.objects.create(**copy)
    assert values(northside.device_api()) == [101, 101, 100]
    assert northside.device_api().get(f"{URL}/stats").json()["count"] == 2
