"""The fleet's pages: what they show to whom, and what is done from them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.organizations import change_organization
from devices.fleet.models import DeviceLog, DeviceSettings, DeviceState, HeartbeatSample, LogLevel
from devices.models import Device
from devices.services import issue_key
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db
FLEET = "/admin/fleet/"


def codes(client: Client, **query: str) -> list[str]:
    return [row.device.code for row in client.get(FLEET, query).context["rows"]]


def page_of(clinic: Clinic, device: int = 0) -> str:
    return f"{FLEET}{clinic.devices[device].public_id}/"


def tell(clinic: Clinic) -> None:
    """The first device is well, the second has been silent."""
    now = timezone.now()
    with clinic.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Device.objects.filter(pk=clinic.devices[0].pk).update(
            status="active", last_seen_at=now, battery_level=88, firmware_version="2.2.0"
        )
        Device.objects.filter(pk=clinic.devices[1].pk).update(
            status="active", last_seen_at=now - timedelta(days=1), battery_level=12
        )
        first = clinic.devices[0]
        DeviceState.objects.create(
            device=first, heard_at=now, status="active", signal_strength=-60, clock_skew=2, settings_version=1
        )
        for number in range(5):
            at = now - timedelta(minutes=15 * number)
            HeartbeatSample.objects.create(device=first, sampled_at=at, battery_level=80 + number)
        for number in range(1, 61):
            DeviceLog.objects.create(
                device=first,
                number=number,
                received_at=now,
                logged_at=now,
                level=LogLevel.ERROR if number == 7 else LogLevel.INFO,
                message=f"<script>entry {number}.</script>",
            )


def test_the_list_is_filtered_and_sorted(northside: Clinic, southside: Clinic) -> None:
    tell(northside)
    client = northside.admin("viewer")
    assert codes(client) == ["ARGUS_002468", "ARGUS_001234"], "who needs somebody first"
    assert codes(client, health="healthy") == ["ARGUS_001234"]
    assert codes(client, battery="low") == ["ARGUS_002468"]
    assert codes(client, firmware="2.2.0") == ["ARGUS_001234"]
    assert codes(client, status="retired") == []
    assert codes(client, q="user_5678") == codes(client, q="ARGUS_001") == ["ARGUS_001234"]
    assert codes(client, sort="code") == ["ARGUS_001234", "ARGUS_002468"]
    shown = client.get(FLEET, {"health": "nonsense", "page": "99", "q": "\x00"}).content.decode()
    assert "CANARY-NORTH" in shown
    assert "CANARY-SOUTH" not in shown
    assert 'name="device"' not in shown, "a viewer changes nothing"


def test_many_are_changed_at_once(northside: Clinic, southside: Clinic) -> None:
    client = northside.admin("nurse")
    sent: dict[str, Any] = {
        "device": [*(str(one.public_id) for one in (*northside.devices, southside.devices[0])), "nonsense"],
        "status": "maintenance",
        "reading_interval": "600",
        "back": "health=warning&page=2&next=//evil.example",
    }
    answer = client.post(f"{FLEET}change/", sent)
    assert answer["Location"] == f"{FLEET}?health=warning&page=2"
    shown = client.get(FLEET).content.decode()
    assert "2 devices changed." in shown
    assert "There is no such device." in shown
    with northside.scope(), transaction.atomic():
        assert set(Device.objects.values_list("status", "reading_interval", "settings_version")) == {
            ("maintenance", 600, 2)
        }
    with southside.scope(), transaction.atomic():
        assert not Device.objects.filter(status="maintenance").exists()
    for wrong, says in (
        ({**sent, "status": "retired"}, "not valid"),
        ({**sent, "device": []}, "Choose devices first."),
        ({"device": sent["device"]}, "Say what shall change."),
        ({**sent, "reading_interval": "59"}, "greater than or equal to 60"),
    ):
        client.post(f"{FLEET}change/", wrong)
        assert says in client.get(FLEET).content.decode(), wrong
    assert northside.admin("viewer").post(f"{FLEET}change/", sent).status_code == 403
    assert northside.admin("viewer").post(f"{page_of(northside)}settings/", {}).status_code == 403


def test_a_devices_page_and_its_log(northside: Clinic) -> None:
    tell(northside)
    with northside.scope(), transaction.atomic():
        change_organization(changes={"device_key_max_age_days": 15})
        issue_key(device=northside.devices[1], name="Bedside")
    owner = northside.admin("owner")
    shown = owner.get(page_of(northside)).content.decode()
    assert "Battery (%)" in shown
    assert shown.count("<polyline") == 1
    assert "-60 dBm" in shown
    assert "&lt;script&gt;entry 60." in shown
    assert "<script>entry" not in shown
    assert "entry 10." not in shown, "fifty at once"
    assert "entry 10." in owner.get(page_of(northside), {"before": "11"}).content.decode()
    assert len(owner.get(page_of(northside), {"level": "error"}).context["entries"]) == 1
    assert len(owner.get(page_of(northside), {"text": "ENTRY 33."}).context["entries"]) == 1
    assert "Bedside" in owner.get(page_of(northside, 1)).content.decode()
    viewer = northside.admin("viewer").get(page_of(northside)).content.decode()
    assert ("entry 60." in viewer, "Keys</h3>" in viewer, "Save" in viewer) == (False, False, False)


def test_settings_are_saved_on_the_page(northside: Clinic, southside: Clinic) -> None:
    client, path = northside.admin("nurse"), f"{page_of(northside)}settings/"
    sent = {"reading_interval": "120", "sampling_rate": "power_save", "motion_sensitivity": "high", "alert_low": "85"}
    assert "Saved as version 2" in client.post(path, sent, follow=True).content.decode()
    for wrong in ({**sent, "alert_low": "39"}, {**sent, "reading_interval": "45"}, {}):
        assert "Saved" not in client.post(path, wrong, follow=True).content.decode()
    with northside.scope(), transaction.atomic():
        stored = DeviceSettings.objects.get(device=northside.devices[0])
        assert (stored.sampling_rate, stored.alert_low, stored.alert_high) == ("power_save", 85, None)
    assert client.post(f"{page_of(southside)}settings/", sent).status_code == 404
    assert client.get(page_of(southside)).status_code == 404
