from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from devices.keys import KEY_PATTERN
from devices.models import DeviceKey
from devices.services import rotate_key
from tenancy.managers import audited_elsewhere
from tests.clinics import Clinic
from tests.rest import problems, rows, send

pytestmark = [pytest.mark.django_db, pytest.mark.promise(27)]

KEYS = "/api/v1/devices/ARGUS_002468/keys"
READINGS = "/api/v1/devices/ARGUS_002468/readings"
FIELDS = {"id", "device", "name", "prefix", "createdAt", "expiresAt", "revokedAt", "lastUsedAt"}


def issue(clinic: Clinic, **body: Any) -> dict[str, Any]:
    answer = send(clinic.api("admin"), "POST", KEYS, body)
    assert answer.status_code == 201, answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    issued: dict[str, Any] = answer.json()
    return issued


def works(clinic: Clinic, key: str) -> bool:
    status = clinic.device_api(key).get(READINGS).status_code
    assert status in {200, 401}
    return status == 200


@pytest.mark.promise(28, 29)
def test_the_key_is_shown_once(northside: Clinic) -> None:
    issued = issue(northside, name="bedside")
    assert set(issued) == {*FIELDS, "key"}
    assert KEY_PATTERN.fullmatch(issued["key"])
    assert works(northside, issued["key"])
    listed = northside.api("admin").get(KEYS)
    (shown,) = listed.json()["items"]
    assert issued["lastUsedAt"] is None
    assert shown == {name: issued[name] for name in FIELDS} | {"lastUsedAt": shown["lastUsedAt"]}
    assert issued["key"] not in listed.content.decode()
    assert issued["key"].startswith(issued["prefix"])
    assert issued["key"] not in str(rows(northside))


def test_a_key_knows_when_it_was_used_to_the_minute(northside: Clinic) -> None:
    key = issue(northside)["key"]
    other = issue(northside)["key"]

    def used() -> dict[str, Any]:
        items = northside.api("admin").get(KEYS).json()["items"]
        return {item["prefix"]: item["lastUsedAt"] for item in items}

    assert works(northside, key)
    first = used()
    assert abs(datetime.fromisoformat(first[key[:16]]) - timezone.now()) < timedelta(seconds=30)
    assert first[other[:16]] is None
    posted = northside.device_api(other).post(READINGS, {"readings": [{}]}, content_type="application/json")
    assert posted.status_code == 200
    assert used()[other[:16]] is not None
    assert works(northside, key)
    assert used()[key[:16]] == first[key[:16]]


def test_a_key_is_not_used_by_being_refused(northside: Clinic) -> None:
    key = issue(northside)["key"]
    northside.device_api(key).get("/api/v1/devices/ARGUS_001234/readings")
    northside.device_api(key).get("/api/v1/patients")
    assert northside.api("admin").get(KEYS).json()["items"][0]["lastUsedAt"] is None


def test_rotation_overlaps_for_seven_days(northside: Clinic) -> None:
    old = issue(northside)
    begun = timezone.now()
    answer = send(northside.api("admin"), "POST", f"/api/v1/keys/{old['id']}/rotate")
    new = answer.json()
    assert (answer.status_code, set(new)) == (201, {*FIELDS, "key"})
    assert new["device"] == "ARGUS_002468"
    assert works(northside, old["key"])
    ending = {item["id"]: item["expiresAt"] for item in northside.api("admin").get(KEYS).json()["items"]}
    assert ending[new["id"]] is None
    overlap = datetime.fromisoformat(ending[old["id"]]) - begun
    assert timedelta(days=7) <= overlap < timedelta(days=7, minutes=1)


def test_the_first_use_of_the_new_key_leaves_the_old_one_a_day(northside: Clinic) -> None:
    old, other = issue(northside), northside.device_key
    new = send(northside.api("admin"), "POST", f"/api/v1/keys/{old['id']}/rotate").json()
    begun = timezone.now()
    assert works(northside, new["key"])
    ending = {item["id"]: item["expiresAt"] for item in northside.api("admin").get(KEYS).json()["items"]}
    left = datetime.fromisoformat(ending[old["id"]]) - begun
    assert timedelta(hours=24) - timedelta(minutes=1) <= left < timedelta(hours=24, minutes=1)
    assert ending[new["id"]] is None
    assert works(northside, old["key"])
    with northside.scope(), transaction.atomic():
        assert DeviceKey.objects.get(prefix=other[:16]).expires_at is None


def test_a_rotated_key_cannot_be_rotated_a_second_time_while_two_live(northside: Clinic) -> None:
    old = issue(northside)
    api = northside.api("admin")
    assert send(api, "POST", f"/api/v1/keys/{old['id']}/rotate").status_code == 201
    before = rows(northside)
    again = send(api, "POST", f"/api/v1/keys/{old['id']}/rotate")
    assert "two live keys" in again.json()["detail"][0]["msg"]
    assert send(api, "POST", KEYS, {}).status_code == 422
    assert rows(northside) == before


def test_revocation_acts_with_the_next_request(northside: Clinic) -> None:
    issued = issue(northside)
    assert works(northside, issued["key"])
    for _ in range(2):
        assert northside.api("admin").delete(f"/api/v1/keys/{issued['id']}").status_code == 204
        assert not works(northside, issued["key"])
    refused = send(northside.api("admin"), "POST", f"/api/v1/keys/{issued['id']}/rotate")
    assert "not in use any more" in refused.json()["detail"][0]["msg"]


def test_a_key_expires(northside: Clinic) -> None:
    past = (timezone.now() - timedelta(seconds=1)).isoformat()
    refused = send(northside.api("admin"), "POST", KEYS, {"expiresAt": past})
    assert problems(refused) == [("past", ["body", "expiresAt"])]
    issued = issue(northside, expiresAt=(timezone.now() + timedelta(hours=1)).isoformat())
    assert works(northside, issued["key"])
    # A day, since the database's now() is the beginning of the transaction that is this test.
    with northside.scope(), transaction.atomic(), audited_elsewhere("the test makes it by hand"):
        DeviceKey.objects.filter(public_id=issued["id"]).update(expires_at=timezone.now() - timedelta(days=1))
    assert not works(northside, issued["key"])
    assert send(northside.api("admin"), "POST", f"/api/v1/keys/{issued['id']}/rotate").status_code == 422


def test_a_key_of_the_whole_clinic_can_be_revoked_by_its_id(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic():
        key = DeviceKey.objects.get(device=None)
    assert works(northside, northside.organization_key)
    assert northside.api("admin").delete(f"/api/v1/keys/{key.public_id}").status_code == 204
    assert not works(northside, northside.organization_key)


@pytest.mark.parametrize("key_id", ["x", "1", "00000000", "{}"])
def test_ids_are_uuids(northside: Clinic, key_id: str) -> None:
    assert northside.api("admin").delete(f"/api/v1/keys/{key_id}").status_code == 404


def test_rotating_locks_the_device_before_its_key_as_retiring_does(northside: Clinic) -> None:
    with northside.scope(), transaction.atomic(), CaptureQueriesContext(connection) as asked:
        key = DeviceKey.objects.get(device=northside.devices[0])
        rotate_key(key=key)
    locked = [question["sql"].split('FROM "')[1].split('"')[0] for question in asked if "FOR " in question["sql"]]
    assert locked[:2] == ["devices_device", "devices_devicekey"]
