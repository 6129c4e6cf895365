"""Settings, battery, calibrations, logs, many devices at once and files, as people and devices ask for them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import Entry
from devices.fleet.keeping import drop_old_months, remove_old_entries
from devices.fleet.models import Calibration, DeviceLog, LogLevel
from devices.models import Device
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic
from tests.rest import problems, send

pytestmark = pytest.mark.django_db
DEVICES = "/api/v1/devices"
DEVICE = f"{DEVICES}/ARGUS_001234"


def test_settings_are_written_versioned_and_told(northside: Clinic) -> None:
    nurse, path = northside.api("nurse"), f"{DEVICE}/settings"
    assert nurse.get(path).json() == {
        "version": 1,
        "readingInterval": 300,
        "skinToneCompensation": None,
        "motionSensitivity": "normal",
        "samplingRate": "standard",
        "alertThresholds": {"low": None, "high": None},
    }
    sent = {"skinToneCompensation": "dark", "alertThresholds": {"low": 80}, "readingInterval": 60}
    told = send(nurse, "PUT", path, sent).json()
    assert (told["version"], told["readingInterval"], told["skinToneCompensation"]) == (2, 60, "dark")
    assert told["alertThresholds"] == {"low": 80, "high": None}
    assert send(nurse, "PUT", path, sent).json()["version"] == 2, "nothing changed"
    assert northside.device_api().get(path).json() == told
    for wrong, where in (
        ({"readingInterval": 59}, "readingInterval"),
        ({"alertThresholds": {"low": 39}}, "low"),
        ({"samplingRate": "often"}, "samplingRate"),
    ):
        answer = send(nurse, "PUT", path, wrong)
        assert answer.status_code == 422, wrong
        assert problems(answer)[0][1][-1] == where
    # Another way to the same interval is told as well.
    send(nurse, "PATCH", DEVICE, {"readingInterval": 240})
    assert nurse.get(path).json()["version"] == 3
    with northside.scope(), transaction.atomic():
        entries = list(Entry.objects.filter(object_id="ARGUS_001234").values_list("object_type", flat=True))
    assert "devices.devicesettings" in entries


def test_a_battery_is_told_by_the_device_or_by_staff(northside: Clinic) -> None:
    path = f"{DEVICE}/battery"
    assert northside.api("viewer").get(path).status_code == 404
    sent = {"level": 25, "hoursLeft": 30, "chargeCycles": 120, "health": "fair"}
    assert send(northside.device_api(), "POST", path, sent).status_code == 201
    told = send(northside.api("nurse"), "POST", path, {"health": "poor"}).json()
    assert {name: told[name] for name in sent} == {**sent, "health": "poor"}
    assert told["isLow"] is True
    assert send(northside.device_api(), "POST", f"{DEVICES}/ARGUS_002468/battery", sent).status_code == 404
    assert problems(send(northside.api("nurse"), "POST", path, {"level": 101}))[0][1] == ["body", "level"]
    assert northside.api("viewer").get(DEVICE).json()["batteryLevel"] == 25


def test_calibrations_are_only_added(northside: Clinic) -> None:
    path = f"{DEVICE}/calibrations"
    offsets = {"redOffset": 0.125, "infraredOffset": -1.5, "greenOffset": 0, "temperatureOffset": 0.05}
    first = send(northside.device_api(), "POST", path, {**offsets, "calibratedAt": "2026-02-01T08:00:00Z"})
    assert first.status_code == 201, first.content
    second = send(northside.api("clinician"), "POST", path, offsets).json()
    assert second["madeBy"].startswith("Clinician")
    items = northside.api("viewer").get(path).json()["items"]
    assert [item["madeBy"] for item in items] == [second["madeBy"], "the device"]
    assert {name: items[0][name] for name in offsets} == offsets
    assert northside.api("viewer").get(DEVICE).json()["calibratedOn"] == timezone.localdate().isoformat()
    for wrong in (
        {**offsets, "redOffset": 0.1234},
        {**offsets, "redOffset": 1000},
        {"redOffset": 1},
        {**offsets, "calibratedAt": (timezone.now() + timedelta(hours=1)).isoformat()},
    ):
        assert send(northside.api("nurse"), "POST", path, wrong).status_code == 422, wrong
    with northside.scope(), transaction.atomic():
        assert Calibration.objects.count() == 2


def add_entries(clinic: Clinic, *entries: tuple[LogLevel, str, Any]) -> None:
    now = timezone.now()
    for number, (level, message, context) in enumerate(entries, start=1):
        DeviceLog.objects.create(
            device=clinic.devices[0],
            number=number,
            received_at=now,
            logged_at=now - timedelta(hours=len(entries) - number),
            level=level,
            message=message,
            context=context,
        )


def test_logs_are_searched_and_paged(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        add_entries(
            northside,
            (LogLevel.DEBUG, "Waking up", None),
            (LogLevel.ERROR, "Sensor 100% wet", {"place": "Left arm"}),
            (LogLevel.CRITICAL, "No memory left", None),
        )
    client, path = northside.api("nurse"), f"{DEVICE}/logs"

    def found(**query: Any) -> list[int]:
        return [item["number"] for item in client.get(path, query).json()["items"]]

    assert found() == [3, 2, 1]
    assert found(level="error") == [3, 2]
    assert found(text="100%") == [2]
    assert found(text="left") == [3, 2]
    assert found(since=(timezone.now() - timedelta(minutes=30)).isoformat()) == [3]
    assert found(until=(timezone.now() - timedelta(minutes=90)).isoformat()) == [1]
    first = client.get(path, {"limit": 2}).json()
    assert [item["level"] for item in first["items"]] == ["critical", "error"]
    rest = client.get(path, {"limit": 2, "cursor": first["next"]}).json()
    assert ([item["number"] for item in rest["items"]], rest["next"]) == ([1], None)
    assert client.get(path, {"level": "loud"}).status_code == 422
    assert northside.api("viewer").get(path).status_code == 403


def test_many_devices_change_each_by_itself(northside: Clinic, southside: Clinic) -> None:
    with northside.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Device.objects.filter(pk=northside.devices[1].pk).update(status=Device.Status.RETIRED)
    with southside.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Device.objects.filter(pk=southside.devices[0].pk).update(code="THEIRS_1")
    changes = {"status": "maintenance", "readingInterval": 600}
    sent = {"devices": ["ARGUS_001234", "ARGUS_002468", "THEIRS_1"], "changes": changes}
    answer = send(northside.api("nurse"), "POST", f"{DEVICES}/bulk", sent)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["total"], told["successful"], told["failed"]) == (3, 1, 2)
    assert [one["status"] for one in told["results"]] == ["changed", "rejected", "rejected"]
    assert [one.get("error") for one in told["results"]] == [None, "The device is retired.", "There is no such device."]
    with northside.scope(), transaction.atomic():
        changed = Device.objects.get(code="ARGUS_001234")
        assert (changed.status, changed.reading_interval, changed.settings_version) == ("maintenance", 600, 2)
        assert Entry.objects.filter(object_type="devices.device", object_id="ARGUS_001234", action="update").exists()
    for devices, wrong in ((["A"] * 101, changes), (["A"], {}), ([], changes)):
        body = {"devices": devices, "changes": wrong}
        assert send(northside.api("nurse"), "POST", f"{DEVICES}/bulk", body).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_the_fleet_as_a_file(northside: Clinic, southside: Clinic) -> None:
    with northside.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Device.objects.filter(pk=northside.devices[0].pk).update(name="=cmd()")
    client = northside.api("clinician")
    lines = b"".join(client.get(f"{DEVICES}/export")).decode().splitlines()
    *table, last = lines
    rows = list(csv.DictReader(table))
    assert last == f"# complete, {len(rows)} rows"
    assert [(row["device"], row["patient"]) for row in rows] == [
        ("ARGUS_001234", "user_5678"),
        ("ARGUS_002468", "user_9012"),
    ]
    assert rows[0]["name"] == "'=cmd()"
    body = json.loads(b"".join(client.get(f"{DEVICES}/export?format=json")))
    assert (body["complete"], body["count"], body["items"][0]["health"]) == (True, 2, "offline")
    book = zipfile.ZipFile(io.BytesIO(b"".join(client.get(f"{DEVICES}/export?format=xlsx"))))
    assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    assert "SOUTH" not in str(lines)
    with northside.scope(), transaction.atomic():
        (entry, *_) = Entry.objects.filter(object_type="devices.export")
        assert (entry.action, sorted(entry.patient_ids)) == ("export", sorted(p.pk for p in northside.patients))


def test_what_is_old_goes(northside: Clinic, settings: Any, time_machine: Any) -> None:
    with northside.scope(), transaction.atomic():
        add_entries(northside, (LogLevel.INFO, "old", None))
    settings.DEVICE_LOG_DAYS, settings.DEVICE_HEARTBEAT_DAYS = 7, 30
    now = timezone.now()
    # The month before this one is there; it ended when this one began.
    age = now - now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    assert drop_old_months() == (age > timedelta(days=7)) + (age > timedelta(days=30))
    with northside.scope():
        assert remove_old_entries() == 0
        time_machine.move_to(timezone.now() + timedelta(days=7, minutes=1))
        assert remove_old_entries() == 1
