"""The word and the reasons, in Python for one device and in SQL for thousands: both say the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from devices.fleet.health import facts_of, health, notices, warnings, with_health
from devices.fleet.models import DeviceState
from devices.fleet.statistics import fleet_statistics
from devices.models import Device, DeviceKey
from devices.services import issue_key, register_device
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db
# The database asks its own clock which keys are live.
NOW = datetime.now(UTC)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


# Of the device, of its heartbeat, what its key has left; the word, and a part of its reason.
CASES: list[tuple[dict[str, Any], dict[str, Any], float | None, str, str]] = [
    ({}, {}, None, "healthy", ""),
    ({"status": "inactive"}, {"status": "error"}, 1, "deactivated", ""),
    ({"status": "retired"}, {}, None, "deactivated", ""),
    ({"last_seen_at": None}, {}, None, "offline", ""),
    ({"last_seen_at": ago(seconds=901)}, {"cpu_usage": 99}, None, "offline", ""),
    ({"last_seen_at": ago(seconds=900)}, {}, None, "healthy", ""),
    ({"last_seen_at": ago(hours=2), "reading_interval": 3600}, {}, None, "healthy", ""),
    ({"last_seen_at": ago(minutes=-4)}, {}, None, "healthy", ""),
    ({"status": "maintenance"}, {}, None, "warning", "status is maintenance"),
    ({"battery_level": 19}, {}, None, "warning", "battery is at 19 %"),
    ({"battery_level": 20}, {}, None, "healthy", ""),
    ({}, {"status": "needs_attention"}, None, "warning", "reports: needs attention"),
    ({}, {"status": "error", "heard_at": ago(minutes=61)}, None, "healthy", ""),
    ({}, {"status": "error", "heard_at": None}, None, "healthy", ""),
    ({}, {"signal_strength": -85}, None, "warning", "weak (-85 dBm)"),
    ({}, {"signal_strength": -84}, None, "healthy", ""),
    ({}, {"temperature": 45.1}, None, "warning", "too hot (45.1 °C)"),
    ({}, {"temperature": -0.5}, None, "warning", "too cold"),
    ({}, {"temperature": 45.0}, None, "healthy", ""),
    ({}, {"memory_usage": 90.0}, None, "warning", "memory is in use to 90 %"),
    ({}, {"cpu_usage": 89.9}, None, "healthy", ""),
    ({}, {"cpu_usage": 90.0}, None, "warning", "processor"),
    ({}, {"clock_skew": 301}, None, "warning", "5 minutes ahead"),
    ({}, {"clock_skew": -7200}, None, "warning", "120 minutes behind"),
    ({}, {"clock_skew": 300}, None, "healthy", ""),
    ({}, {}, 13.9, "warning", "key ends in 13 days"),
    ({}, {}, 0.4, "warning", "within a day"),
    ({}, {}, 14.1, "healthy", ""),
    ({}, {}, -1, "healthy", ""),
]


def make(number: int, device: dict[str, Any], state: dict[str, Any], days_left: float | None) -> Device:
    made = register_device(code=f"FLEET_{number:02}", status="active")
    if state:
        DeviceState.objects.create(device=made, **{"heard_at": ago(minutes=5), "settings_version": 1, **state})
    with audited_elsewhere("a test"):
        if days_left is not None:
            key = issue_key(device=made).key
            DeviceKey.objects.filter(pk=key.pk).update(expires_at=NOW + timedelta(days=days_left))
        Device.objects.filter(pk=made.pk).update(**{"last_seen_at": ago(minutes=5), **device})
    found: Device = Device.objects.get(pk=made.pk)
    return found


def test_one_device_and_all_of_them(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        made = [make(number, *case[:3]) for number, case in enumerate(CASES)]
        facts = facts_of(made, NOW)
        asked = {device.pk: device for device in with_health(Device.objects.all(), NOW)}
        for device, found, (*given, word, reason) in zip(made, facts, CASES, strict=True):
            assert health(found, NOW) == word, given
            said = warnings(found, NOW)
            assert reason in " ".join(said), given
            assert word in ("deactivated", "offline") or len(said) == (word == "warning"), given
            assert asked[device.pk].health == word, given
            assert asked[device.pk].is_online == (device.last_seen_at is not None and word != "offline"), given


def test_a_key_that_stays_keeps_quiet(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        device = make(1, {"battery_level": 29}, {"settings_version": None}, 3)
        issue_key(device=device)
        (facts,) = facts_of([device], NOW)
        assert warnings(facts, NOW) == []
        assert with_health(Device.objects.filter(pk=device.pk), NOW).get().health == "healthy"
        assert [sentence.split()[0:2] for sentence in notices(facts)] == [["The", "battery"], ["It", "does"]]


def test_the_fleet_in_figures(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        with audited_elsewhere("a test"):
            Device.objects.update(status=Device.Status.RETIRED)
        for number, case in enumerate(CASES):
            make(number, *case[:3])
        told = fleet_statistics(NOW)
    words = [case[3] for case in CASES if case[0].get("status") != "retired"]
    assert told["total"] == len(words)
    assert told["by_health"] == {word: words.count(word) for word in ("deactivated", "offline", "warning", "healthy")}
    assert (told["offline"], told["online"]) == (2, len(words) - 2)
    assert told["by_status"]["maintenance"] == told["by_status"]["inactive"] == told["low_battery"] == 1
    assert told["firmware"] == {"unknown": len(words)}
    assert told["online_rate"] == round(100 * (len(words) - 2) / len(words), 1)
