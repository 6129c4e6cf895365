"""A device that listens hears within a second that there is something to do, and nothing that is another's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import transaction
from django.utils import timezone

from devices.commands.models import DeviceCommand, Kind
from devices.commands.services import cancel_command, order_command
from devices.commands.sweep import take_due_steps
from devices.models import DeviceKey
from devices.services import revoke_key
from edge.tests.streaming import Socket, close_code, lines, raw_socket, socket
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic

pytestmark = pytest.mark.django_db(transaction=True)


def order(clinic: Clinic, device: int = 0, **said: Any) -> DeviceCommand:
    with clinic.scope(), transaction.atomic():
        return order_command(device=clinic.devices[device], type=Kind.RESTART, **said)


@contextmanager
def listening(address: str, key: str) -> Iterator[Socket]:
    with raw_socket(address, "/ws/commands", headers={"X-API-Key": key}) as connection:
        yield Socket(connection)


def commands(address: str, clinic: Clinic) -> list[str]:
    url = f"{address}/api/v1/devices/{clinic.devices[0].code}/commands"
    return [item["id"] for item in httpx.get(url, headers={"X-API-Key": clinic.device_key}).json()]


def test_a_device_hears_of_its_own_commands_and_of_no_others(
    live_url: str, northside: Clinic, southside: Clinic
) -> None:
    with listening(live_url, northside.device_key) as device:
        assert device.opened["data"] == {"topics": ["commands"]}
        order(southside)
        order(northside, 1)
        begun = time.monotonic()
        command = order(northside)
        told = device.next()
        assert time.monotonic() - begun < 1
        assert (told["type"], told["device"], told["data"]) == (
            *("command.created", "ARGUS_001234"),
            {"id": str(command.public_id)},
        )
        # Only the id: what is to be done is fetched, and by one.
        assert commands(live_url, northside) == [str(command.public_id)]
        with northside.scope():
            cancel_command(command=command)
        # Not that it was sent: that is for people.
        assert device.next()["type"] == "command.cancelled"


def test_people_hear_what_becomes_of_commands(live_url: str, northside: Clinic) -> None:
    with socket(live_url, northside.access_token("viewer"), "/ws/commands") as page:
        command = order(northside, scheduled_at=timezone.now() + timedelta(hours=1))
        with northside.scope(), transaction.atomic(), audited_elsewhere("a test"):
            DeviceCommand.objects.update(due_at=timezone.now(), next_step_at=timezone.now())
        with northside.scope():
            assert take_due_steps(timezone.now()) == 1
        assert page.next()["type"] == "command.created"
        commands(live_url, northside)
        sent = page.next()
        assert (sent["type"], sent["data"]["status"], sent["data"]["id"]) == (
            *("command.updated", "sent"),
            str(command.public_id),
        )


@pytest.mark.promise(27, 36)
def test_a_key_opens_nothing_else_and_its_stream_ends_with_it(live_url: str, northside: Clinic) -> None:
    key = {"X-API-Key": northside.device_key}
    for route in ("/ws/vitals", "/ws/live-data", "/ws/device-status", "/ws/alerts"):
        assert close_code(live_url, route, headers=key) == 4401
    for topic, status in (("vitals", 403), ("commands,alerts", 403), ("commands", 200)):
        with httpx.stream("GET", f"{live_url}/api/v1/stream?topics={topic}", headers=key) as answer:
            assert answer.status_code == status
    with lines(live_url, None, **key) as device:
        assert device.next()[1]["data"] == {"topics": ["commands"]}
    with listening(live_url, northside.device_key) as device:
        with northside.scope(), transaction.atomic():
            revoke_key(key=DeviceKey.objects.get(device=northside.devices[0]))
        assert device.close_code() == 4401
    assert close_code(live_url, "/ws/commands", headers=key) == 4401
