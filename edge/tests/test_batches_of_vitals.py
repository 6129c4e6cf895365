"""Body measures in a batch become vital signs, all else the device's own values; glucose is as it was."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.organizations import change_organization
from accounts.roles import Role
from audit.models import Entry
from devices.models import Device
from devices.services import assign_device, end_assignment
from edge.tests.posting import instant, path
from edge.tests.test_batches import bare, post, sensor
from readings.models import EvaluationMark, GlucoseReading, SensorValue
from tests.clinics import Clinic
from vitals.models import Measurement
from vitals.retention import remove_expired_measurements

pytestmark = pytest.mark.django_db(transaction=True)


def measure(kind: str, value: Any, unit: str, minutes_ago: float = 1, **changes: Any) -> dict[str, Any]:
    return sensor(value, unit, minutes_ago, sensor_type=kind, **changes)


def measured(clinic: Clinic) -> list[tuple[str, float, float | None, int]]:
    with clinic.scope(), transaction.atomic():
        rows = Measurement.objects.order_by("metric", "measured_at")
        return [(row.type.name, row.value, row.second_value, row.patient_id) for row in rows]


def test_each_item_finds_its_table(northside: Clinic, southside: Clinic) -> None:
    at = instant(3)
    items = [
        bare(5),
        measure("heart_rate", 71, "bpm"),
        measure("spo2", 97, "%"),
        measure("body_temperature", 98.6, "°F", batteryLevel=55, quality="fair"),
        measure("temperature", 36.6, "°C", location="ward", quality="poor"),
        measure("blood_pressure", "120/80", "mmHg", 2),
        {**measure("bp_diastolic", 85, "mmHg"), "timestamp": at},
        {**measure("bp_systolic", 130, "mmHg"), "timestamp": at},
        measure("bp_systolic", 140, "mmHg", 9),
        measure("door", True, "boolean"),
        measure("blood_pressure", {"systolic": 16, "diastolic": 10}, "kPa", 4),
    ]
    first, again = post(northside, items).json(), post(northside, items).json()

    assert (first["accepted"], first["duplicates"], first["rejected"]) == (10, 0, 1)
    assert (again["accepted"], again["duplicates"], again["rejected"]) == (0, 10, 1)
    assert first["results"][8]["error"].startswith("Send bp_systolic and bp_diastolic of the same instant")
    assert [item.get("id") for item in first["results"]] == [item.get("id") for item in again["results"]]
    assert first["results"][6]["id"] == first["results"][7]["id"]
    assert set(first["results"][4]) == {"index", "status"}
    owner = northside.patients[0].pk
    assert measured(northside) == [
        ("heart_rate", 71, None, owner),
        ("blood_pressure", pytest.approx(120.009869), pytest.approx(75.006168), owner),
        ("blood_pressure", 130, 85, owner),
        ("blood_pressure", 120, 80, owner),
        ("blood_oxygen", 97, None, owner),
        ("body_temperature", 37, None, owner),
    ]
    assert measured(southside) == []
    with northside.scope(), transaction.atomic():
        assert GlucoseReading.objects.count() == 1
        assert list(SensorValue.objects.order_by("sensor_type").values_list("sensor_type", "value", "unit")) == [
            ("door", 1.0, "boolean"),
            ("temperature", 36.6, "°C"),
        ]

    values = "/api/v1/devices/ARGUS_001234/sensor-values"
    found = northside.api(Role.NURSE).get(values, {"quality": "poor", "min": "36", "unit": "°C"}).json()["items"]
    assert [(item["sensorType"], item["value"], item["quality"]) for item in found] == [("temperature", 36.6, "poor")]
    assert northside.api(Role.NURSE).get(values, {"max": "0"}).json()["items"] == []
    assert southside.api(Role.NURSE).get(values).json()["items"] == []


def test_measures_belong_to_whom_the_device_measured_and_mark_them(northside: Clinic, southside: Clinic) -> None:
    with northside.scope():
        now = timezone.now()
        end_assignment(device=northside.devices[0], ends_at=now - timedelta(minutes=30))
        assign_device(device=northside.devices[0], patient=northside.patients[1], starts_at=now - timedelta(minutes=10))
    items = [measure("heart_rate", 60 + minutes, "bpm", minutes) for minutes in (5, 20, 40)]
    results = post(northside, items).json()["results"]

    assert [item["status"] for item in results] == ["created", "rejected", "created"]
    assert results[1]["error"] == "Device ARGUS_001234 was not assigned to a patient at that time."
    earlier, later = (patient.pk for patient in northside.patients[:2])
    assert sorted(measured(northside)) == [("heart_rate", 65, None, later), ("heart_rate", 100, None, earlier)]
    with northside.scope(), transaction.atomic():
        # What is older than 15 minutes never alarms, and wakes nobody.
        assert list(EvaluationMark.objects.values_list("patient_id", flat=True)) == [later]
    assert measured(southside) == []


def test_measures_alone_are_a_contact(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        before = Device.objects.get(pk=northside.devices[0].pk).last_seen_at
    post(northside, [measure("heart_rate", 60, "bpm", batteryLevel=41)])
    with northside.scope(), transaction.atomic():
        device = Device.objects.get(pk=northside.devices[0].pk)
    assert device.last_seen_at != before
    assert device.battery_level == 41


def test_what_is_older_than_the_clinic_keeps_goes(northside: Clinic, southside: Clinic) -> None:
    for clinic in (northside, southside):
        days = [measure("heart_rate", 70, "bpm", day * 1440) for day in (0, 29, 31)]
        days += [measure("temperature", 20, "°C", day * 1440) for day in (0, 31)]
        assert post(clinic, days).json()["accepted"] == 5
    with northside.scope():
        change_organization(changes={"reading_retention_days": 30})
        assert remove_expired_measurements() == 2
    with southside.scope():
        assert remove_expired_measurements() == 0
    for clinic, left in ((northside, (2, 1)), (southside, (3, 2))):
        with clinic.scope(), transaction.atomic():
            assert (Measurement.objects.count(), SensorValue.objects.count()) == left
    with northside.scope(), transaction.atomic():
        kinds = Entry.objects.filter(action="expire").values_list("object_type", flat=True)
        assert set(kinds) == {"vitals.measurement", "readings.sensorvalue"}


def test_infinite_values_are_refused(northside: Clinic) -> None:
    item = json.dumps(measure("co2", 12345, "ppm")).replace("12345", "1e999")
    answer = northside.device_api().post(
        f"/api/v1{path('ARGUS_001234')}", f'{{"readings": [{item}]}}', content_type="application/json"
    )
    assert answer.json().get("accepted", 0) == 0
    with northside.scope(), transaction.atomic():
        assert SensorValue.objects.count() == 0
