from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from devices.services import assign_device
from readings.models import RangeFlag
from readings.rows import ReadingRow
from readings.services import store_readings
from reports.readings_page import Cursor
from tenancy.managers import audited_elsewhere

READINGS = "/admin/readings/"


def values(clinic, **choices):
    response = clinic.admin("viewer").get(READINGS, choices)
    assert response.status_code == 200
    return [row["value"] for row in response.context["rows"]]


def test_newest_first_with_the_devices_and_patients(northside, southside):
    northside.store(100, 110)
    southside.store(222)
    response = northside.admin("viewer").get(READINGS, {"patient": "user_5678"})
    assert [row["value"] for row in response.context["rows"]] == ["110", "100"]
    assert "CANARY-SOUTH" not in response.content.decode()


def test_without_a_choice_the_newest_of_each_patient(northside):
    northside.store(100, 110)
    northside.store(90, device=1, until=datetime.now(UTC) - timedelta(minutes=1))
    assert values(northside) == ["110", "90"]


def test_filters_by_device_period_and_range(northside):
    now = datetime.now(UTC)
    northside.store(50, 60, 100, 200, 300, until=now)
    northside.store(150, until=now - timedelta(days=3))
    assert values(northside, device="ARGUS_001234", range="low") == ["60"]
    assert values(northside, patient="user_5678", range="very-high") == ["300"]
    assert values(northside, patient="user_5678", device="ARGUS_002468") == []
    assert values(northside, patient="user_5678", period="7d")[-1] == "150"
    assert len(values(northside, patient="user_5678")) == 5


def test_a_device_is_read_through_its_assignments(northside):
    before = datetime.now(UTC) - timedelta(hours=2)
    northside.store(100, until=before)
    with northside.scope():
        assign_device(device=northside.devices[0], patient=northside.patients[1], starts_at=before + timedelta(hours=1))
    northside.store(120)
    assert values(northside, device="ARGUS_001234") == ["120", "100"]
    assert values(northside, device="ARGUS_001234", patient="user_9012") == ["120"]


def test_low_and_high_are_words(northside):
    now = datetime.now(UTC)
    with northside.scope():
        store_readings(
            rows=[
                ReadingRow(northside.devices[0].pk, now, 39, range_flag=RangeFlag.LOW),
                ReadingRow(northside.devices[0].pk, now - timedelta(minutes=5), 401, range_flag=RangeFlag.HIGH),
            ]
        )
    assert values(northside, patient="user_5678") == ["Low", "High"]
    assert values(northside, patient="user_5678", range="very-low") == ["Low"]


def test_pages_by_key_show_every_reading_once_and_count_none(northside):
    northside.store(*range(60, 285))
    client = northside.admin("viewer")
    seen, query = [], "patient=user_5678"
    with CaptureQueriesContext(connection) as captured:
        while query:
            response = client.get(f"{READINGS}?{query}")
            seen += [row["value"] for row in response.context["rows"]]
            query = response.context["next"]
    assert seen == [str(value) for value in range(284, 59, -1)]
    assert not [one for one in captured if "COUNT(" in one["sql"] and "glucosereading" in one["sql"]]


@pytest.mark.parametrize(
    "after",
    ["", "x", "a~b~c", "2026-01-01T00:00:00~1~1", f"2026-01-01T00:00:00Z~{10**30}~1", "0001-01-01T00:00:00+14:00~1~1",
     "2026-13-01T00:00:00Z~1~1", f"2026-01-01T00:00:00Z~{'9' * 5000}~1", "~~~"],
)  # fmt: skip
def test_a_made_up_place_is_the_first_page(northside, after):
    northside.store(100)
    assert values(northside, patient="user_5678", after=after) == ["100"]
    assert Cursor.read(after) is None


@pytest.mark.parametrize("choices", [{"patient": "nobody"}, {"device": "nothing"}, {"patient": "\x00x"}])
def test_unknown_codes_are_told(northside, choices):
    html = northside.admin("viewer").get(READINGS, choices).content.decode()
    assert "There is no" in html


def test_codes_only_of_the_other_clinic_are_unknown(northside, southside):
    with southside.scope(), audited_elsewhere("a test"):
        type(southside.devices[0]).objects.filter(pk=southside.devices[0].pk).update(code="ONLY_SOUTH")
    html = northside.admin("viewer").get(READINGS, {"device": "ONLY_SOUTH"}).content.decode()
    assert "There is no device with this code." in html
