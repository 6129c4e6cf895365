"""What devices tell of themselves: heartbeats, states and logs, and what they are told in return."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from devices.commands.models import Kind
from devices.commands.services import order_command
from devices.fleet.models import DeviceLog, DeviceState, HeartbeatSample
from devices.fleet.settings import change_settings
from devices.models import Device, Presence
from devices.services import issue_key, revoke_key
from edge.slots import BATCH_ITEMS
from edge.tests.asking import Sent, ask, pooled_edge
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db
DEVICE = "ARGUS_001234"
FULL: dict[str, Any] = {
    "status": "active",
    "batteryLevel": 64,
    "signalStrength": -71,
    "uptime": 86_400,
    "temperature": 31.5,
    "memoryUsage": 48.2,
    "cpuUsage": 7,
    "firmwareVersion": "2.2.0",
    "settingsVersion": 1,
}


def post(client: Client, what: str, body: Any, device: str = DEVICE) -> Any:
    return client.post(f"/api/v1/devices/{device}/{what}", json.dumps(body), content_type="application/json")


def state_of(clinic: Clinic, device: int = 0) -> DeviceState:
    with clinic.scope(), transaction.atomic():
        state: DeviceState = DeviceState.objects.get(device=clinic.devices[device])
        return state


def entry(message: str = "The sensor was restarted", **changes: Any) -> dict[str, Any]:
    return {"at": "2026-11-22T09:00:00", "level": "warning", "message": message, **changes}


def test_a_heartbeat_is_kept_and_answered(northside: Clinic, southside: Clinic) -> None:
    now = timezone.now()
    ahead = (now + timedelta(minutes=10)).isoformat()
    answer = post(northside.device_api(), "heartbeat", {**FULL, "lastSeen": ahead})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["status"], told["pendingCommands"], "settings" in told) == ("ok", 0, False)
    assert set(told) == {"status", "serverTime", "pendingCommands"}
    state = state_of(northside)
    assert (state.status, state.battery_level, state.signal_strength, state.uptime) == ("active", 64, -71, 86_400)
    assert (state.temperature, state.memory_usage, state.cpu_usage) == (31.5, 48.2, 7)
    assert 590 <= (state.clock_skew or 0) <= 600
    with northside.scope(), transaction.atomic():
        device = Device.objects.get(pk=northside.devices[0].pk)
        assert (device.firmware_version, device.battery_level) == ("2.2.0", 64)
        assert device.last_seen_at is not None
        assert device.status == northside.devices[0].status, "what it says of itself is not what staff say of it"
        assert Presence.objects.get(device=device).look_at is not None
    with southside.scope(), transaction.atomic():
        assert not DeviceState.objects.exists()
        assert Device.objects.filter(last_seen_at__isnull=False).count() == 0


def test_a_heartbeat_says_all_and_a_status_only_what_it_says(northside: Clinic) -> None:
    client = northside.device_api()
    post(client, "heartbeat", FULL)
    post(client, "status", {"status": "error"})
    state = state_of(northside)
    assert (state.status, state.battery_level, state.settings_version) == ("error", 64, 1)
    post(client, "heartbeat", {"status": "online"})
    state = state_of(northside)
    assert (state.status, state.battery_level, state.temperature) == ("active", None, None)
    assert (state.firmware_version, state.settings_version) == ("2.2.0", 1)
    with northside.scope(), transaction.atomic():
        assert HeartbeatSample.objects.count() in (1, 2), "one of each quarter of an hour"
        assert Device.objects.get(pk=northside.devices[0].pk).battery_level == 64


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"status": "offline"}, "status", "A device that reports is not offline"),
    ({"status": "retired"}, "status", "staff retire"),
    ({"status": "asleep"}, "status", "one of registered, active"),
    ({"batteryLevel": 101}, "batteryLevel", "less than or equal to 100"),
    ({"signalStrength": 1}, "signalStrength", "less than or equal to 0"),
    ({"signalStrength": -101}, "signalStrength", "greater than or equal to -100"),
    ({"uptime": -1}, "uptime", "greater than or equal to 0"),
    ({"temperature": 200.1}, "temperature", "less than or equal to 200"),
    ({"temperature": -51}, "temperature", "greater than or equal to -50"),
    ({"memoryUsage": 100.5}, "memoryUsage", "less than or equal to 100"),
    ({"cpuUsage": "7"}, "cpuUsage", "valid number"),
    ({"firmwareVersion": "x" * 21}, "firmwareVersion", "at most 20"),
    ({"lastSeen": "2026-01-01"}, "lastSeen", "ISO 8601"),
]


def test_ranges(northside: Clinic) -> None:
    for changes, field, says in WRONG:
        answer = post(northside.device_api(), "heartbeat", {**FULL, **changes})
        assert answer.status_code == 422, changes
        (problem,) = answer.json()["detail"]
        assert problem["loc"] == ["body", field]
        assert says in problem["msg"]


def test_who_may_tell(northside: Clinic, southside: Clinic) -> None:
    body = {"status": "active"}
    for what, sent in (("heartbeat", body), ("status", body), ("logs", {"entries": [entry()]})):
        assert post(Client(), what, sent).status_code == 401
        assert post(northside.api("owner"), what, sent).status_code == 401
        # Another device's key, a device that there is not: in the same words.
        for device in ("ARGUS_002468", "ARGUS_999999"):
            refused = post(northside.device_api(), what, sent, device)
            assert (refused.status_code, refused.json()["detail"]) == (
                400,
                f"Device {device} does not exist or may not be used with this API key.",
            )
        ours = post(northside.device_api(northside.organization_key), what, sent, "ARGUS_002468")
        assert ours.status_code in (200, 202)
    with northside.scope(), transaction.atomic():
        ended = issue_key(device=northside.devices[1])
        revoke_key(key=ended.key)
        assert not DeviceState.objects.filter(device=northside.devices[0]).exists()
    assert post(northside.device_api(ended.text), "heartbeat", body, "ARGUS_002468").status_code == 401
    with southside.scope(), transaction.atomic():
        assert not DeviceState.objects.exists()


def test_settings_are_told_until_the_device_works_with_them(northside: Clinic) -> None:
    client = northside.device_api()
    first = post(client, "heartbeat", {"status": "active"}).json()["settings"]
    assert (first["version"], first["readingInterval"], first["motionSensitivity"]) == (1, 300, "normal")
    assert "settings" not in post(client, "heartbeat", FULL).json()
    assert "settings" not in post(client, "heartbeat", {"status": "active"}).json(), "it has said so before"
    with northside.scope(), transaction.atomic():
        change_settings(
            device=northside.devices[0],
            changes={"reading_interval": 120, "sampling_rate": "power_save", "alert_low": 75},
        )
    for _ in range(2):
        told = post(client, "heartbeat", FULL).json()["settings"]
        assert (told["version"], told["readingInterval"], told["samplingRate"]) == (2, 120, "power_save")
        assert told["alertThresholds"] == {"low": 75, "high": None}
    assert "settings" not in post(client, "heartbeat", {**FULL, "settingsVersion": 2}).json()


def test_waiting_commands_are_counted(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        for device in (0, 0, 1):
            order_command(device=northside.devices[device], type=Kind.RESTART)
    assert post(northside.device_api(), "heartbeat", FULL).json()["pendingCommands"] == 2


def test_logs_are_numbered_and_bounded(northside: Clinic, settings: Any) -> None:
    client = northside.device_api()
    sent = [entry(f"line {number}\n<b>'quoted\\' {{x}}", context={"n": [number, None, "ä"]}) for number in range(500)]
    answer = post(client, "logs", {"entries": sent})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 500}), answer.content
    settings.DEVICE_LOG_ENTRIES = 502
    assert post(client, "logs", {"entries": [entry("newest", level="critical")] * 4}).status_code == 202
    with northside.scope(), transaction.atomic():
        numbers = list(DeviceLog.objects.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(3, 505))
        oldest = DeviceLog.objects.get(number=3)
        assert (oldest.message, oldest.context) == ("line 2\n<b>'quoted\\' {x}", {"n": [2, None, "ä"]})
        assert oldest.logged_at.isoformat() == "2026-11-22T09:00:00+00:00"
    assert state_of(northside).logged == 504


NO_LOGS: list[tuple[list[Any], str]] = [
    ([], "at least 1 item"),
    ([entry()] * 501, "at most 500 items"),
    ([entry(level="loud")], "The level is one of debug, info, warning, error, critical"),
    ([entry("x" * 4097)], "at most 4,096 bytes"),
    ([entry("x" * 4000, context={"y": "z" * 100})], "at most 4,096 bytes"),
    ([entry("ä" * 2100)], "at most 4,096 bytes"),
    ([entry(""), entry(at="yesterday")], "at least 1 character"),
]


def test_what_is_no_log(northside: Clinic) -> None:
    for entries, says in NO_LOGS:
        answer = post(northside.device_api(), "logs", {"entries": entries})
        assert answer.status_code == 422, says
        assert says in answer.json()["detail"][0]["msg"]
    with northside.scope(), transaction.atomic():
        assert not DeviceLog.objects.exists()


def test_a_device_may_not_log_without_end(northside: Clinic) -> None:
    client = northside.device_api()
    for _ in range(BATCH_ITEMS // 500):
        assert post(client, "logs", {"entries": [entry()] * 500}).status_code == 202
    refused = post(client, "logs", {"entries": [entry()]})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert state_of(northside).logged == BATCH_ITEMS


def test_what_a_device_logs_is_not_in_our_log(northside: Clinic, capfd: Any, caplog: Any) -> None:
    secret = "WORDS-OF-A-DEVICE"
    post(northside.device_api(), "logs", {"entries": [entry(secret)]})
    post(northside.device_api(), "logs", {"entries": [entry(secret, level=secret)]})
    written = capfd.readouterr()
    assert secret not in written.out + written.err + caplog.text


def test_a_status_of_staff_is_beside_that_of_the_device(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Device.objects.update(status=Device.Status.ACTIVE, reading_interval=300)
    post(northside.device_api(), "heartbeat", {**FULL, "status": "error", "signalStrength": -90, "memoryUsage": 97})
    health = northside.api("viewer").get(f"/api/v1/devices/{DEVICE}/health").json()
    assert health["health"] == "warning"
    assert health["warnings"] == [
        "It reports: error.",
        "The network is weak (-90 dBm).",
        "The memory is in use to 97 %.",
    ]
    assert health["heartbeat"]["memoryUsage"] == 97


@pytest.mark.django_db(transaction=True)
@pytest.mark.promise(1, 2)
def test_devices_of_two_clinics_that_report_together_are_told_their_own(northside: Clinic, southside: Clinic) -> None:
    """The two have devices of the same codes; the policies let both clinics of a group through."""
    asked, expected = [], []
    for number, clinic in enumerate((northside, southside)):
        with clinic.scope(), transaction.atomic():
            for place, device in enumerate(clinic.devices):
                interval = 60 * (2 * number + place + 1) + 60
                change_settings(device=device, changes={"reading_interval": interval})
                for _ in range(number + place):
                    order_command(device=device, type=Kind.RESTART)
                path = f"/api/v1/devices/{device.code}/heartbeat"
                sent = Sent("POST", path, {"X-API-Key": clinic.organization_key}, {"status": "active"})
                asked += [sent] * 5
                expected += [(interval, number + place)] * 5

    async def scenario() -> tuple[list[Any], int]:
        async with pooled_edge() as (edge, database):
            replies = await asyncio.gather(*(ask(edge, sent) for sent in asked))
            return [reply.body for reply in replies], database.most_clinics

    bodies, most_clinics = asyncio.run(scenario())
    assert [(body["settings"]["readingInterval"], body["pendingCommands"]) for body in bodies] == expected
    assert most_clinics == 2
