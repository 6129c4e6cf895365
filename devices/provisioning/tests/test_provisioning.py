"""A device gets its key with a claim code: once, and only with the right one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from devices.models import Device, DeviceKey
from devices.provisioning.codes import ALPHABET, new_code, spoken_code, typed_code
from devices.provisioning.models import ClaimCode
from devices.services import retire_device
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic
from tests.rest import problems, send

pytestmark = pytest.mark.django_db
CLAIMS, PROVISION = "/api/v1/devices/claims", "/api/v1/devices/provision"
REFUSED = (404, "This claim code is wrong, was used already, or has expired.")
SAID = {"hardwareModel": "Argus 3", "firmwareVersion": "2.4.1"}


def claim(clinic: Clinic, **said: Any) -> dict[str, Any]:
    answer = send(clinic.api("admin"), "POST", CLAIMS, {"device": "ARGUS_002468", **said})
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def provision(code: str, *, address: str = "192.0.2.1", **said: Any) -> tuple[int, Any]:
    client = Client(REMOTE_ADDR=address)
    answer = send(client, "POST", PROVISION, {"claimCode": code, **SAID, **said})
    body = answer.json()
    return answer.status_code, body if answer.status_code == 201 else body["detail"]


def test_a_new_device_gets_its_key_once(northside: Clinic) -> None:
    new = {"code": "ARGUS_777777", "name": "Bed 7", "readingInterval": 120}
    made = send(northside.api("owner"), "POST", CLAIMS, {"newDevice": new, "expiresInHours": 1}).json()
    assert (made["device"], made["state"], len(made["claimCode"])) == ("ARGUS_777777", "open", 9)
    status, body = provision(made["claimCode"].lower(), serialNumber="SN-7", macAddress="aa-bb-cc-00-11-22")
    assert (status, body["deviceId"], body["readingInterval"], body["status"]) == (201, "ARGUS_777777", 120, "active")
    assert northside.device_api(body["apiKey"]).get(body["paths"]["commands"]).status_code == 200
    assert provision(made["claimCode"]) == REFUSED
    with northside.scope(), transaction.atomic():
        device = Device.objects.get(code="ARGUS_777777")
        told = (device.hardware_model, device.firmware_version, device.serial_number, device.mac_address)
        assert told == ("Argus 3", "2.4.1", "SN-7", "AA:BB:CC:00:11:22")
        assert ClaimCode.objects.get().key.name == "Provisioned"
        acts = list(Entry.objects.filter(actor_kind="key").order_by("id").values_list("object_type", "reason"))
        assert acts == [
            ("devices.device", "provisioned"),
            ("devices.devicekey", "issued"),
            ("devices.claimcode", "claim used"),
        ]
    (listed,) = northside.api("admin").get(CLAIMS).json()["items"]
    assert (listed["state"], "claimCode" in listed, made["claimCode"][:4] in str(listed)) == ("used", False, False)


def test_whoever_claims_a_device_is_the_only_one_who_speaks_for_it(northside: Clinic) -> None:
    code = claim(northside, device="ARGUS_001234")["claimCode"]
    readings = "/api/v1/devices/ARGUS_001234/readings"
    assert northside.device_api().get(readings).status_code == 200
    status, body = provision(code)
    assert status == 201
    assert northside.device_api().get(readings).status_code == 401
    assert northside.device_api(body["apiKey"]).get(readings).status_code == 200


@pytest.mark.promise(27)
def test_one_refusal_for_all_that_is_wrong(northside: Clinic) -> None:
    """Each time the code worked until that happened, and nothing is given out or changed."""

    def withdrawn(made: dict[str, Any]) -> None:
        assert send(northside.api("admin"), "DELETE", f"{CLAIMS}/{made['id']}").status_code == 204

    def replaced(made: dict[str, Any]) -> None:
        claim(northside)

    def expired(made: dict[str, Any]) -> None:
        with northside.scope(), transaction.atomic(), audited_elsewhere("a test"):
            ClaimCode.objects.update(expires_at=F("expires_at") - timedelta(days=3))

    def retired(made: dict[str, Any]) -> None:
        with northside.scope():
            retire_device(device=northside.devices[1])

    for number, end in enumerate((withdrawn, replaced, expired, retired)):
        made = claim(northside)
        end(made)
        assert provision(made["claimCode"], address=f"192.0.2.{number}") == REFUSED
    for wrong in ("22222222", "nonsense", "ABCD-EFG0"):
        assert provision(wrong, address="192.0.2.9") == REFUSED
    with northside.scope(), transaction.atomic():
        assert not DeviceKey.objects.filter(name="Provisioned").exists()
        assert Entry.objects.filter(object_type="devices.claimcode", outcome="denied").count() == 4


def test_a_claim_is_for_the_device_with_its_serial_number(northside: Clinic, southside: Clinic) -> None:
    with northside.scope(), transaction.atomic(), audited_elsewhere("a test"):
        Device.objects.filter(code="ARGUS_002468").update(serial_number="SN-1")
        Device.objects.filter(code="ARGUS_001234").update(serial_number="SN-2")
    code = claim(northside)["claimCode"]
    assert provision(code, serialNumber="SN-2")[0] == 409
    assert provision(code, serialNumber="SN-1")[0] == 201
    with southside.scope(), transaction.atomic():
        assert not DeviceKey.objects.filter(name="Provisioned").exists()


def test_guessing_ends_soon(northside: Clinic) -> None:
    """By address, whatever is tried; by code, from wherever it is tried; and others are not kept from theirs."""
    amount = int(settings.RATE_LIMITS["provisioning_failures"].split("/")[0])
    guesses = {new_code() for _ in range(amount + 5)}
    statuses = [provision(code, address="192.0.2.66")[0] for code in guesses]
    assert statuses == [404] * amount + [429] * 5
    code = claim(northside)["claimCode"]
    assert provision(code, address="192.0.2.66")[0] == 429
    assert provision(code, address="192.0.2.67")[0] == 201
    again = [provision(code, address=f"192.0.2.{100 + number}")[0] for number in range(6)]
    # Five tries of one code in all: the one that worked was the first.
    assert again == [404] * 4 + [429] * 2


def test_what_claims_are_refused(northside: Clinic, southside: Clinic) -> None:
    api = northside.api("admin")
    taken = {"newDevice": {"code": "ARGUS_001234"}}
    assert send(api, "POST", CLAIMS, taken).status_code == 409
    for said, problem in (
        ({}, ["body", "device"]),
        ({"device": "ARGUS_002468", **taken}, ["body", "device"]),
        ({"device": "ARGUS_002468", "expiresInHours": 0}, ["body", "expiresInHours"]),
        ({"device": "ARGUS_002468", "expiresInHours": 721}, ["body", "expiresInHours"]),
    ):
        assert [place for _, place in problems(send(api, "POST", CLAIMS, said))] == [problem]
    assert send(api, "POST", CLAIMS, {"device": "ARGUS_404404"}).status_code == 404
    theirs = claim(southside)
    assert send(api, "DELETE", f"{CLAIMS}/{theirs['id']}").status_code == 404
    assert provision(theirs["claimCode"])[0] == 201
    assert send(northside.api("clinician"), "POST", CLAIMS, {"device": "ARGUS_002468"}).status_code == 403
    answer = send(Client(), "POST", PROVISION, {"claimCode": "22222222", "macAddress": "AA:BB"})
    assert {place[-1] for _, place in problems(answer)} == {"hardwareModel", "firmwareVersion", "macAddress"}
    assert "22222222" not in answer.content.decode()


def test_codes_are_read_as_people_type_them() -> None:
    codes = {new_code() for _ in range(50)}
    assert len(codes) == 50
    assert not set("01OIL") & set(ALPHABET)
    for code in codes:
        assert typed_code(spoken_code(code)) == typed_code(f" {code.lower()} ") == code
    assert [typed_code(text) for text in ("", "ABCD", "ABCDEFGHJ", "ABCDEFG0", "ÄBCDEFGH")] == [None] * 5


def test_a_claim_ends_by_itself(northside: Clinic) -> None:
    claim(northside, expiresInHours=720)
    with northside.scope(), transaction.atomic():
        left = ClaimCode.objects.get().expires_at - timezone.now()
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)
