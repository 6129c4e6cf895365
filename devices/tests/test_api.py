from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from devices.models import Device
from devices.services import assign_device, register_device
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic
from tests.rest import problems, rows, send

pytestmark = pytest.mark.django_db

DEVICES = "/api/v1/devices"
DEVICE = f"{DEVICES}/ARGUS_001234"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEW: dict[str, Any] = {
    "code": "ARGUS_003691",
    "name": "Sensor of bed 3",
    "kind": "argus",
    "status": "active",
    "serialNumber": "ARG2024-003691",
    "firmwareVersion": "2.1.3",
    "hardwareRevision": "Rev C",
    "manufacturedOn": "2024-10-30",
    "calibratedOn": "2024-11-20",
    "readingInterval": 60,
    "expectedLagMinutes": 90,
}
KEYS = {*NEW, "id", "patient", "lastSeenAt", "batteryLevel", "createdAt", "updatedAt"}


def test_a_device_is_made_with_every_field(northside: Clinic) -> None:
    answer = send(northside.api("admin"), "POST", DEVICES, NEW)
    assert answer.status_code == 201, answer.content
    assert set(answer.json()) == KEYS
    assert {name: answer.json()[name] for name in NEW} == NEW
    assert [answer.json()[name] for name in ("patient", "lastSeenAt", "batteryLevel")] == [None] * 3
    for name in ("ARGUS_003691", answer.json()["id"]):
        assert northside.api("viewer").get(f"{DEVICES}/{name}").json() == answer.json()


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_touches_only_what_was_sent(northside: Clinic, method: str) -> None:
    before = northside.api("nurse").get(DEVICE).json()
    assert before["patient"] == "user_5678"
    answer = send(northside.api("nurse"), method, DEVICE, {"code": "ARGUS_001234", "readingInterval": 30})
    assert answer.status_code == 200
    assert {name for name, value in answer.json().items() if value != before[name]} == {"readingInterval", "updatedAt"}


def test_put_wants_the_code(northside: Clinic) -> None:
    assert problems(send(northside.api("nurse"), "PUT", DEVICE, {"name": "New"})) == [("missing", ["body", "code"])]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "a/b"),
        ("code", "x" * 51),
        ("kind", "phone"),
        ("status", "online"),
        ("serialNumber", ""),
        ("readingInterval", 29),
        ("readingInterval", 86_401),
        ("expectedLagMinutes", -1),
        ("expectedLagMinutes", 1_441),
        ("manufacturedOn", "2024-13-01"),
        ("firmwareVersion", "x" * 21),
        ("lastSeenAt", "2026-01-01T00:00:00Z"),
        ("batteryLevel", 50),
        ("patient", "user_9012"),
    ],
)
def test_values_have_their_rules(northside: Clinic, field: str, value: object) -> None:
    before = rows(northside)
    for method, path, body in (("POST", DEVICES, {**NEW, field: value}), ("PATCH", DEVICE, {field: value})):
        ((_, place),) = problems(send(northside.api("admin"), method, path, body))
        assert place == ["body", field]
    assert rows(northside) == before


def test_taken_codes_and_serials_are_conflicts_and_foreign_ones_are_free(northside: Clinic, southside: Clinic) -> None:
    assert send(southside.api("admin"), "POST", DEVICES, NEW).status_code == 201
    api = northside.api("admin")
    assert send(api, "POST", DEVICES, NEW).status_code == 201
    for method, path, body, word in (
        ("POST", DEVICES, {**NEW, "serialNumber": "other"}, "code"),
        ("POST", DEVICES, {**NEW, "code": "OTHER"}, "serial number"),
        ("PATCH", DEVICE, {"code": "ARGUS_002468"}, "code"),
        ("PATCH", DEVICE, {"serialNumber": NEW["serialNumber"]}, "serial number"),
    ):
        answer = send(api, method, path, body)
        assert (answer.status_code, answer.json()) == (409, {"detail": f"A device with this {word} exists already."})
    for code in ("NO_SERIAL_1", "NO_SERIAL_2"):
        assert send(api, "POST", DEVICES, {"code": code}).status_code == 201


def test_retiring_ends_keys_and_assignment_and_keeps_the_device(northside: Clinic) -> None:
    api = northside.api("owner")
    northside.store(100, 110)
    assert northside.device_api().get(f"{DEVICE}/readings/latest").status_code == 200
    refused = send(api, "PATCH", DEVICE, {"status": "retired"})
    assert refused.json()["detail"][0]["msg"] == "To retire a device, send DELETE."
    assert [api.delete(DEVICE).status_code for _ in range(2)] == [204, 204]
    retired = api.get(DEVICE).json()
    assert (retired["status"], retired["patient"]) == ("retired", None)
    assert northside.device_api().get(f"{DEVICE}/readings/latest").status_code == 401
    assert api.get(f"{DEVICE}/health").json()["health"] == "deactivated"
    assert codes(api.get(DEVICES)) == ["ARGUS_002468"]
    again = send(api, "PATCH", DEVICE, {"status": "active"})
    assert (again.status_code, again.json()["detail"][0]["msg"]) == (422, "The device is retired.")
    assert codes(api.get(DEVICES, {"status": "retired"})) == ["ARGUS_001234"]
    for path in ("keys", "assignments"):
        body = {"patient": "user_9012"} if path == "assignments" else {}
        assert send(api, "POST", f"{DEVICE}/{path}", body).json()["detail"][0]["msg"] == "The device is retired."


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"search": "argus_0012"}, ["ARGUS_001234"]),
        ({"search": "ARG-northside-002"}, ["ARGUS_002468"]),
        ({"search": "north"}, []),
        ({"kind": "dexcom"}, ["DEX"]),
        ({"status": "active"}, ["ARGUS_001234", "ARGUS_002468"]),
        ({"status": "registered", "kind": "argus"}, []),
    ],
)
def test_filters(northside: Clinic, parameters: dict[str, str], found: list[str]) -> None:
    send(northside.api("owner"), "POST", DEVICES, {"code": "DEX", "kind": "dexcom"})
    assert codes(northside.api("viewer").get(DEVICES, parameters)) == found


@pytest.mark.parametrize(
    ("silent_for", "status", "battery", "connectivity", "health", "warnings"),
    [
        (None, "active", None, "offline", "offline", 0),
        (timedelta(minutes=15), "active", 80, "online", "healthy", 0),
        (timedelta(minutes=15, seconds=1), "active", 80, "offline", "offline", 0),
        (timedelta(minutes=1), "active", 20, "online", "healthy", 0),
        (timedelta(minutes=1), "active", 19, "online", "warning", 1),
        (timedelta(minutes=1), "needs_attention", 19, "online", "warning", 2),
        (timedelta(minutes=1), "maintenance", None, "online", "warning", 1),
        (timedelta(minutes=1), "inactive", 80, "online", "deactivated", 0),
        (timedelta(days=1), "retired", 5, "offline", "deactivated", 1),
    ],
)
def test_status_and_health(
    northside: Clinic, silent_for, status: str, battery, connectivity: str, health: str, warnings: int
) -> None:
    seen_at = NOW - silent_for if silent_for is not None else None
    with northside.scope(), transaction.atomic(), audited_elsewhere("the test makes it by hand"):
        Device.objects.filter(pk=northside.devices[0].pk).update(
            last_seen_at=seen_at, status=status, battery_level=battery
        )
    viewer = northside.api("viewer")
    with time_machine.travel(NOW, tick=False):
        headers = {"Authorization": f"Bearer {northside.access_token('viewer')}"}
        told = viewer.get(f"{DEVICE}/status", headers=headers).json()
        judged = viewer.get(f"{DEVICE}/health", headers=headers).json()
    spoken = seen_at.isoformat().replace("+00:00", "Z") if seen_at else None
    assert told == {
        "deviceId": "ARGUS_001234",
        "status": status,
        "connectivity": connectivity,
        "lastSeenAt": spoken,
        "batteryLevel": battery,
        "firmwareVersion": northside.devices[0].firmware_version,
        "readingInterval": 300,
        "patient": "user_5678",
    }
    assert len(judged.pop("warnings")) == warnings
    assert bool(judged.pop("notices")) == (battery == 20)
    assert judged.pop("heartbeat") is None
    assert judged == {"deviceId": "ARGUS_001234", "health": health, "lastSeenAt": spoken, "batteryLevel": battery}


def test_the_list_costs_the_same_for_many(northside: Clinic) -> None:
    api = northside.api("viewer")
    with CaptureQueriesContext(connection) as few:
        assert len(codes(api.get(DEVICES))) == 2
    with northside.scope(), transaction.atomic():
        for number in range(10):
            assign_device(device=register_device(code=f"D{number}"), patient=northside.patients[0])
    with CaptureQueriesContext(connection) as many:
        items = api.get(DEVICES).json()["items"]
    assert len(items) == 12
    assert {item["patient"] for item in items} == {"user_5678", "user_9012"}
    assert len(many) == len(few)


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["code"] for item in answer.json()["items"]]


def test_a_code_that_looks_like_a_uuid_is_a_code_too(northside: Clinic) -> None:
    code = "0123456789abcdef0123456789abcdef"
    created = send(northside.api("owner"), "POST", "/api/v1/devices", {"code": code}).json()
    for name in (code, created["id"]):
        answer = northside.api("viewer").get(f"/api/v1/devices/{name}")
        assert (answer.status_code, answer.json().get("id")) == (200, created["id"])
