"""Whoever has lost a right meets that with the next request to the data plane, whether Valkey is there or not."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import redis
from django.test import Client

from accounts.organizations import change_organization
from accounts.services import change_member
from devices.models import DeviceKey
from devices.services import revoke_key
from edge.tests.posting import free_slot, path, reading
from edge.tests.test_isolation_of_callers import ENDS, inside, set_status
from patients.care_team import add_to_care_team, remove_from_care_team
from tenancy.redis import limits_client
from tests.clinics import Clinic

pytestmark = [pytest.mark.django_db, pytest.mark.promise(2, 14, 20)]

READS = (
    "/api/v1/users/user_5678/glucose/current",
    "/api/v1/users/user_5678/glucose/history",
    "/api/v1/devices/ARGUS_001234/readings",
    "/api/v1/devices/ARGUS_001234/readings/latest",
    "/api/v1/devices/ARGUS_001234/readings/stats",
)
OF_DEVICES = READS[2:]


@pytest.fixture(params=["with Valkey", "without Valkey"], autouse=True)
def valkey(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    with socket.socket() as listener:
        if request.param == "without Valkey":
            listener.bind(("127.0.0.1", 0))
            settings.LIMITS_REDIS_URL = f"redis://127.0.0.1:{listener.getsockname()[1]}/2"
            limits_client.cache_clear()
        yield
    limits_client.cache_clear()


def statuses(client: Any, paths: tuple[str, ...] = READS) -> list[int]:
    return [client.get(path).status_code for path in paths]


@pytest.mark.parametrize("what", ENDS)
def test_people(northside: Clinic, what: str) -> None:
    role, end = ENDS[what]
    northside.store(100)
    client = northside.api(role)
    assert statuses(client) == [200] * len(READS)
    end(northside, role)
    assert statuses(client) == [401] * len(READS)


def test_signing_out(northside: Clinic) -> None:
    northside.store(100)
    tokens = northside.tokens("nurse")
    client = Client(headers={"Authorization": f"Bearer {tokens.access}"})
    assert statuses(client) == [200] * len(READS)
    body = {"refresh_token": tokens.refresh}
    assert client.post("/api/v1/auth/logout", body, content_type="application/json").status_code < 300
    assert statuses(client) == [401] * len(READS)


def revoke_all_keys(clinic: Clinic) -> None:
    with inside(clinic):
        for key in DeviceKey.objects.all():
            revoke_key(key=key)


KEYS: dict[str, Callable[[Clinic], Any]] = {
    "revoked": revoke_all_keys,
    "suspended": lambda clinic: set_status(clinic, "suspended"),
}


@pytest.mark.parametrize("what", KEYS)
def test_keys(northside: Clinic, southside: Clinic, what: str) -> None:
    device, organization = northside.device_api(), northside.device_api(northside.organization_key)
    for client in (device, organization):
        assert post(client, northside) == 201
        assert statuses(client, OF_DEVICES) == [200] * 3
    KEYS[what](northside)
    for client in (device, organization):
        assert post(client, northside) == 401
        assert statuses(client, OF_DEVICES) == [401] * 3
    assert post(southside.device_api(), southside) == 201


def post(client: Any, clinic: Clinic) -> int:
    with suppress(redis.RedisError):
        free_slot(clinic)
    body = json.dumps(reading())
    return int(client.post(f"/api/v1{path()}", body, content_type="application/json").status_code)


def test_the_care_team(northside: Clinic) -> None:
    northside.store(100)
    nurse, (patient, _) = northside.people["nurse"], northside.patients
    client = northside.api("nurse")
    with inside(northside):
        change_organization(changes={"assigned_patients_only": True})
    assert statuses(client) == [200] * len(READS)
    with inside(northside):
        remove_from_care_team(patient=patient, member=nurse)
    assert statuses(client) == [404, 404, 200, 404, 200]
    assert client.get(OF_DEVICES[0]).json() == []
    assert client.get(OF_DEVICES[2]).json()["count"] == 0
    with inside(northside):
        add_to_care_team(patient=patient, member=nurse)
    assert statuses(client) == [200] * len(READS)
    assert len(client.get(OF_DEVICES[0]).json()) == 1


def test_a_role(northside: Clinic) -> None:
    """A nurse of a clinic that shows its staff their patients only, made an admin and a nurse again."""
    northside.store(100, device=1)
    nurse = northside.people["nurse"]
    client = northside.api("nurse")
    address = "/api/v1/users/user_9012/glucose/current"
    with inside(northside):
        change_organization(changes={"assigned_patients_only": True})
        remove_from_care_team(patient=northside.patients[1], member=nurse)
    assert client.get(address).status_code == 404
    for role, status in (("admin", 200), ("viewer", 404)):
        with inside(northside):
            change_member(membership=nurse, changes={"role": role})
        assert client.get(address).status_code == status
