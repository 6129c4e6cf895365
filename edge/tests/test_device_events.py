"""Devices on the live streams: heard again, silent, changed; each told once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.organizations import change_organization
from devices.models import Device, Presence
from devices.presence import tell_changes
from devices.services import change_device, retire_device
from devices.tasks import tell_changes_of_devices
from edge.tests.streaming import Socket, post, post_batch, socket, wait_until
from patients.care_team import remove_from_care_team
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)
STREAM = "/ws/device-status"


def pass_time(clinic: Clinic, minutes: int, device: int = 0) -> None:
    """As if the last contact, and the look that it asked for, were so much longer ago."""
    ago = timedelta(minutes=minutes)
    with clinic.scope(), transaction.atomic(), audited_elsewhere("a test"):
        pk = clinic.devices[device].pk
        Device.objects.filter(pk=pk).update(last_seen_at=F("last_seen_at") - ago)
        Presence.objects.filter(device_id=pk).update(look_at=F("look_at") - ago)


def heard(address: str, clinic: Clinic, stream: Socket, device: int = 0, **changes: Any) -> dict[str, Any]:
    post(address, clinic, device, **changes)
    tell_changes_of_devices()
    return stream.next()


def nothing(stream: Socket) -> bool:
    try:
        stream.next(0.3)
    except TimeoutError:
        return True
    return False


def test_a_device_is_told_of_when_it_is_heard_when_it_falls_silent_and_when_it_is_back(
    live_url: str, northside: Clinic, southside: Clinic
) -> None:
    with (
        socket(live_url, northside.access_token("owner"), STREAM) as ours,
        socket(live_url, southside.access_token("owner"), STREAM) as theirs,
    ):
        first = heard(live_url, northside, ours)
        assert (first["type"], first["device"], first["patient"]) == ("device.online", "ARGUS_001234", "user_5678")
        assert first["data"]["connectivity"] == "online"
        assert (first["data"]["batteryLevel"], first["data"]["batteryIsLow"]) == (85, False)

        pass_time(northside, 14)
        tell_changes_of_devices()
        assert nothing(ours)
        pass_time(northside, 2)
        tell_changes_of_devices()
        silent = ours.next()
        assert (silent["type"], silent["data"]["connectivity"]) == ("device.offline", "offline")
        tell_changes_of_devices()
        assert heard(live_url, northside, ours)["type"] == "device.online"
        assert nothing(theirs)


def test_a_contact_that_brings_no_news_asks_for_no_look(live_url: str, northside: Clinic) -> None:
    with socket(live_url, northside.access_token("owner"), STREAM) as stream:
        heard(live_url, northside, stream)
        for _ in range(2):
            pass_time(northside, 5)
            post(live_url, northside)
            with northside.scope(), transaction.atomic():
                assert Presence.objects.get(device=northside.devices[0]).look_at > timezone.now()
        pass_time(northside, 14)
        tell_changes_of_devices()
        assert nothing(stream)


def test_a_change_of_class_is_told(live_url: str, northside: Clinic) -> None:
    with socket(live_url, northside.access_token("owner"), STREAM) as stream:
        heard(live_url, northside, stream)
        pass_time(northside, 5)
        low = heard(live_url, northside, stream, batteryLevel=19)
        assert (low["type"], low["data"]["batteryIsLow"], low["data"]["signalIsPoor"]) == ("device.status", True, False)
        pass_time(northside, 5)
        poor = heard(live_url, northside, stream, batteryLevel=18, signalQuality="poor")
        assert (poor["type"], poor["data"]["signalIsPoor"]) == ("device.status", True)
        with northside.scope(), transaction.atomic():
            change_device(device=northside.devices[0], changes={"status": Device.Status.MAINTENANCE})
        tell_changes_of_devices()
        assert stream.next()["data"]["status"] == "maintenance"
        with northside.scope(), transaction.atomic():
            retire_device(device=northside.devices[0])
        tell_changes_of_devices()
        retired = stream.next()
        assert (retired["type"], retired["data"]["status"]) == ("device.status", "retired")


def test_a_batch_is_a_contact_too(live_url: str, northside: Clinic) -> None:
    with socket(live_url, northside.access_token("owner"), STREAM) as stream:
        post_batch(live_url, northside, 100, 101)
        tell_changes_of_devices()
        assert stream.next()["type"] == "device.online"


def test_several_workers_tell_each_change_once(live_url: str, northside: Clinic) -> None:
    def sweep() -> None:
        try:
            tell_changes_of_devices()
        finally:
            connection.close()

    with socket(live_url, northside.access_token("owner"), STREAM) as stream:
        for device in (0, 1):
            post(live_url, northside, device)
        workers = [threading.Thread(target=sweep) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert {stream.next()["device"] for _ in range(2)} == {"ARGUS_001234", "ARGUS_002468"}
        assert nothing(stream)


def test_a_contact_during_the_look_is_not_overlooked(live_url: str, northside: Clinic) -> None:
    """The sweep holds the row and has not seen the contact: it tells offline, and is asked to look again."""
    with socket(live_url, northside.access_token("owner"), STREAM) as stream:
        heard(live_url, northside, stream)
        pass_time(northside, 16)
        with northside.scope(), transaction.atomic():
            tell_changes(timezone.now())
            back = threading.Thread(target=lambda: post(live_url, northside))
            back.start()
            with connection.cursor() as cursor:
                wait_until(lambda: _somebody_waits(cursor))
        back.join()
        tell_changes_of_devices()
        assert [stream.next()["type"] for _ in range(2)] == ["device.offline", "device.online"]


def _somebody_waits(cursor: Any) -> bool:
    cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
    return bool(cursor.fetchone()[0])


@pytest.mark.promise(2)
def test_limited_staff_hear_of_their_patients_devices(live_url: str, northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        change_organization(changes={"assigned_patients_only": True})
        remove_from_care_team(patient=northside.patients[0], member=northside.people["nurse"])
    with socket(live_url, northside.access_token("nurse"), STREAM) as nurse:
        for device in (0, 1):
            post(live_url, northside, device)
        tell_changes_of_devices()
        assert nurse.next()["patient"] == "user_9012"
        assert nothing(nurse)
