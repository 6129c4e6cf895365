"""Batches: each item by itself, in the order sent, and the same batch twice changes nothing."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from devices.services import assign_device, end_assignment
from edge.tests.posting import instant, path, reading, slot_is_held, stored
from readings.models import GlucoseReading, PatientState, Unit
from readings.tests.test_store import somebody_waits_for_a_lock
from tests.clinics import Clinic
from tests.faults.installation import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def post(clinic: Clinic, items: Any, *, key: str | None = None, device: str = "ARGUS_001234") -> Any:
    body = json.dumps({"readings": items})
    return clinic.device_api(key).post(f"/api/v1{path(device)}", body, content_type="application/json")


def bare(minutes_ago: float = 0, **changes: Any) -> dict[str, Any]:
    """A reading without device and user, as a batch may have it."""
    item = reading(timestamp=instant(minutes_ago), **changes)
    return {name: value for name, value in item.items() if name not in ("deviceId", "userId") or name in changes}


def sensor(value: Any = 120, unit: str = "mg/dL", minutes_ago: float = 0, **changes: Any) -> dict[str, Any]:
    return {"sensor_type": "glucose", "value": value, "unit": unit, "timestamp": instant(minutes_ago), **changes}


def test_the_answer_has_one_result_for_each_item_in_order(northside: Clinic) -> None:
    good, other = bare(5, glucoseValue=101), bare(6, glucoseValue=102)
    answer = post(northside, [good, {}, "text", None, other, good, bare(7, glucoseValue=39)])
    assert answer.status_code == 200
    body = answer.json()
    assert (body["accepted"], body["duplicates"], body["rejected"]) == (2, 1, 4)
    assert [item["index"] for item in body["results"]] == list(range(7))
    assert [item["status"] for item in body["results"]] == [
        "created", "rejected", "rejected", "rejected", "created", "duplicate", "rejected"
    ]  # fmt: skip
    assert body["results"][0]["id"] == body["results"][5]["id"]
    assert set(body["results"][0]) == {"index", "status", "id"}
    assert body["results"][6] == {
        "index": 6,
        "status": "rejected",
        "error": "glucoseValue: Input should be greater than or equal to 40",
    }
    assert body["results"][1]["error"].startswith("timestamp: Field required; glucoseValue: Field required")
    assert sorted(stored(northside)) == [101, 102]


@pytest.mark.promise(46)
def test_the_same_batch_twice_changes_nothing(northside: Clinic) -> None:
    batch = [bare(minutes) for minutes in range(1, 50)]
    assert post(northside, batch).json()["accepted"] == 49
    with northside.scope(), transaction.atomic():
        before = list(GlucoseReading.objects.oldest_first().values()), list(PatientState.objects.values())
    again = post(northside, batch).json()
    assert (again["accepted"], again["duplicates"]) == (0, 49)
    with northside.scope(), transaction.atomic():
        after = list(GlucoseReading.objects.oldest_first().values()), list(PatientState.objects.values())
    assert after == before


def test_the_thirty_seconds_do_not_apply(northside: Clinic) -> None:
    assert post(northside, [bare(2)]).json()["accepted"] == 1
    assert post(northside, [bare(1)]).json()["accepted"] == 1
    assert not slot_is_held(northside)


@pytest.mark.parametrize(
    ("value", "unit", "glucose"),
    [
        (120, "mg/dL", 120),
        (120.5, "mg/dl", 121),
        (39.5, "mg/dL", 40),
        (2.2, "mmol/L", 40),
        (5.5, "mmol/l", 99),
        (10.03, "mmol/L", 180),
        (22.2, "mmol/L", 400),
        (10, "MMOL/L", 180),
    ],
)
def test_glucose_of_a_sensor(northside: Clinic, value: float, unit: str, glucose: int) -> None:
    assert post(northside, [sensor(value, unit)]).json()["accepted"] == 1
    with northside.scope(), transaction.atomic():
        kept = GlucoseReading.objects.get()
    assert kept.glucose == glucose
    assert kept.unit == (Unit.MMOL_L if unit.lower() == "mmol/l" else Unit.MG_DL)


def test_camel_case_and_quality_of_a_sensor(northside: Clinic) -> None:
    item = sensor(quality="fair")
    item["sensorType"] = item.pop("sensor_type")
    assert post(northside, [item]).json()["accepted"] == 1
    with northside.scope(), transaction.atomic():
        assert GlucoseReading.objects.get().get_quality_display() == "fair"


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (sensor(39.4), "value: Input should be between 40 and 400"),
        (sensor(2.1, "mmol/L"), "value: Input should be between 2.2 and 22.2"),
        (sensor(1e308, "mmol/L"), "value: Input should be between 2.2 and 22.2"),
        (sensor(100, "mg/l"), "mg/l is not a unit of glucose: send mg/dL or mmol/L."),
        (sensor("100"), "value: Input should be a valid number"),
        (sensor(True), "value: Input should be a valid number"),
        (sensor(quality="bad"), "quality: Input should be 'excellent', 'good', 'fair' or 'poor'"),
        (sensor(70, "bpm", sensor_type="heart_rate", quality="bad"), "quality: What the device calls bad is not kept."),
        (sensor(timestamp="2099-01-01T00:00:00Z"), "timestamp: Timestamp cannot be in the future"),
        (sensor(sensor_type=5), "sensor_type: Input should be a valid string"),
        (sensor(sensor_type="heart_rate"), "mg/dL is not a unit of heart_rate: send bpm or 1/min."),
        (sensor(400, "bpm", sensor_type="heart_rate"), "value: Input should be between 10 and 350 bpm"),
        (sensor([{}], "°C", sensor_type="temperature"), "value: Input should be a valid number"),
        (sensor(10**400, "ppm", sensor_type="co2"), "value: Input should be a finite number"),
        (sensor(201, "°C", sensor_type="temperature"), "value: Input should be between -50 and 200 °C"),
        (sensor(sensor_type="two words"), "sensor_type: Use letters, digits, _ . and -, beginning with a letter."),
        (
            sensor(120, "mmHg", sensor_type="blood_pressure"),
            'value: Send "120/80", or {"systolic": 120, "diastolic": 80}.',
        ),
        (
            sensor("80/120", "mmHg", sensor_type="blood_pressure"),
            "value: The diastolic value is below the systolic one.",
        ),
        (reading(deviceId="ARGUS_002468"), "Device ID in URL must match deviceId in request body"),
        (reading(userId="user_0000"), "User user_0000 does not exist. Please ensure user is registered."),
        (reading(userId="user_9012"), "Device ARGUS_001234 does not exist or does not belong to user user_9012"),
        (reading(deviceId=""), "deviceId: String should have at least 1 character"),
    ],
)
@pytest.mark.promise(39, 40)
def test_refused_items_never_fail_the_others(northside: Clinic, item: dict[str, Any], error: str) -> None:
    body = post(northside, [bare(10), item, bare(11)]).json()
    assert [result["status"] for result in body["results"]] == ["created", "rejected", "created"]
    assert body["results"][1]["error"] == error
    assert stored(northside) == [120, 120]


def test_items_follow_the_device_from_patient_to_patient(northside: Clinic) -> None:
    """A queue that was filled while the device changed hands and lay in a drawer in between."""
    now = timezone.now()
    device = northside.devices[0]
    with northside.scope(), transaction.atomic():
        end_assignment(device=device, ends_at=now - timedelta(minutes=30))
        assign_device(device=device, patient=northside.patients[1], starts_at=now - timedelta(minutes=10))
    items = [bare(40, userId="user_5678"), bare(20), bare(5, userId="user_9012"), bare(5.5, userId="user_5678")]
    results = post(northside, items).json()["results"]
    assert [result["status"] for result in results] == ["created", "rejected", "created", "rejected"]
    assert results[1]["error"] == "Device ARGUS_001234 was not assigned to a patient at that time."
    with northside.scope(), transaction.atomic():
        owners = list(GlucoseReading.objects.oldest_first().values_list("patient_id", flat=True))
    assert owners == [patient.id for patient in northside.patients]


def test_a_reassignment_that_commits_meanwhile_decides(northside: Clinic) -> None:
    """The batch waits for the reassignment, then judges the user by what has been committed."""
    now = timezone.now()
    answers: list[Any] = []

    def post_in_a_thread() -> None:
        try:
            answers.append(post(northside, [bare(userId="user_5678"), bare(5, userId="user_5678")]).json())
        finally:
            connection.close()

    thread = threading.Thread(target=post_in_a_thread)
    with northside.scope(), transaction.atomic():
        assign_device(device=northside.devices[0], patient=northside.patients[1], starts_at=now)
        thread.start()
        wait_until(somebody_waits_for_a_lock)
    thread.join()
    assert [result["status"] for result in answers[0]["results"]] == ["rejected", "created"]
    assert len(stored(northside)) == 1


def test_a_user_may_be_named_by_the_uuid_of_the_login(northside: Clinic) -> None:
    user = str(northside.principal("patient").user_public_id)
    assert post(northside, [bare(1, userId=user)]).json()["accepted"] == 1


def test_the_age_limit_of_an_organization(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        northside.organization.reading_max_age_hours = 1
        northside.organization.save()
    body = post(northside, [bare(61), bare(59)]).json()
    assert [result["status"] for result in body["results"]] == ["rejected", "created"]


def test_a_device_that_the_key_may_not_use(northside: Clinic, southside: Clinic) -> None:
    with southside.scope(), transaction.atomic():
        southside.devices[1].code = "ARGUS_SOUTH"
        southside.devices[1].save()
    for device in ("ARGUS_002468", "ARGUS_SOUTH", "ARGUS_999999"):
        answer = post(northside, [bare()], device=device)
        assert answer.status_code == 400
        detail = f"Device {device} does not exist or may not be used with this API key."
        assert answer.json() == {"detail": detail}
    assert stored(northside) == stored(southside) == []


@pytest.mark.parametrize(
    ("items", "kind"), [([], "too_short"), ([{}] * 1001, "too_long"), (5, "list_type"), (None, "list_type")]
)
@pytest.mark.promise(42)
def test_the_size_of_a_batch(northside: Clinic, items: Any, kind: str) -> None:
    answer = post(northside, items)
    assert answer.status_code == 422
    assert [(item["type"], item["loc"]) for item in answer.json()["detail"]] == [(kind, ["body", "readings"])]


def test_a_thousand_items(northside: Clinic) -> None:
    assert post(northside, [sensor(100, minutes_ago=minutes) for minutes in range(1000)]).json()["accepted"] == 1000


def test_a_batch_needs_few_statements(northside: Clinic, django_assert_max_num_queries: Any) -> None:
    client = northside.device_api()
    items = [bare(minutes, userId="user_5678") for minutes in range(100)]
    with django_assert_max_num_queries(30):
        body = json.dumps({"readings": items})
        assert client.post(f"/api/v1{path()}", body, content_type="application/json").json()["accepted"] == 100
